use crate::decode::{Detection, LayoutError, centre, gfl};
use crate::error::ModelError;
use crate::fit::Placement;
use crate::head::Head;
use crate::image::{GREY, RgbImage};
use crate::manifest::{Decoder, Entry, Input, Labels, Manifest, Role};
use crate::network::{Features, Network, Outputs};
use crate::nms;
use crate::pixel_box::PixelBox;
use crate::pose::PoseModel;
use crate::runtime::{self, Options, Provider};
use chuangming_domain::digest::Digest;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Candidates that enter the removal of doubles, at most; the lowest scores are left out.
const MAX_CANDIDATES: usize = 1000;
const DEFAULT_SCORE: f32 = 0.3;
const DEFAULT_IOU: f32 = 0.6;
/// Overlap above which two boxes of a `centre` model are one thing, whatever their labels.
const CENTRE_IOU_ANY: f32 = 0.55;

/// Every model of a manifest, loaded, checked and tried once. Shared between threads; calls on one model queue up.
#[derive(Debug, Clone)]
pub struct Models {
    pose: Option<PoseModel>,
    quick_pose: Option<PoseModel>,
    detectors: BTreeMap<Role, Detector>,
    heads: BTreeMap<Role, Head>,
    entries: Vec<Entry>,
    /// Where each model really runs, by its name.
    providers: BTreeMap<String, Provider>,
}

impl Models {
    /// Loads what the manifest lists. A role that it does not list is absent: the signal is then unknown.
    ///
    /// # Errors
    /// When the manifest, a file or the runtime is not as it should be; see [`ModelError`].
    pub fn load(manifest: &Path, options: &Options) -> Result<Self, ModelError> {
        let Manifest { library, models: entries } = Manifest::read(manifest)?;
        let environment = runtime::environment(options, library.as_deref())?;
        let mut networks: BTreeMap<&str, Arc<Network>> = BTreeMap::new();
        for entry in &entries {
            networks.insert(&entry.name, Arc::new(Network::load(&environment, entry, options)?));
        }
        let providers = networks.iter().map(|(name, n)| ((*name).to_owned(), n.provider)).collect();
        let mut models = Self {
            pose: None,
            quick_pose: None,
            detectors: BTreeMap::new(),
            heads: BTreeMap::new(),
            providers,
            entries: entries.clone(),
        };
        for entry in &entries {
            let network = networks[entry.name.as_str()].clone();
            let base = entry.features_of.as_deref().and_then(|name| networks.get(name)).cloned();
            match entry.role {
                Role::Pose => models.pose = Some(PoseModel::new(network)?),
                Role::QuickPose => models.quick_pose = Some(PoseModel::new(network)?),
                Role::Person | Role::Desk => {
                    models.detectors.insert(entry.role, Detector::new(network, base)?);
                }
                Role::Window | Role::Badge | Role::Smoking => {
                    models.heads.insert(entry.role, Head::new(network, base)?);
                }
            }
        }
        models.try_once()?;
        Ok(models)
    }

    /// Runs every model on a grey picture, so that a wrong output is found here and not in the first frame.
    fn try_once(&self) -> Result<(), ModelError> {
        let picture = RgbImage::filled(64, 64, GREY);
        let region = PixelBox::whole(64, 64);
        let pose = self.pose.as_ref().map(|model| model.run(&picture, region)).transpose()?;
        self.quick_pose.as_ref().map(|model| model.run(&picture, region)).transpose()?;
        for detector in self.detectors.values() {
            detector.run(&picture, region)?;
        }
        for head in self.heads.values() {
            head.run(&picture, region, pose.as_ref().map(|p| &p.features))?;
        }
        Ok(())
    }

    /// Keypoints of the person in a window's crop.
    #[must_use]
    pub fn pose(&self) -> Option<&PoseModel> {
        self.pose.as_ref()
    }

    /// Keypoints of a person in little time: those of the pose model where the manifest lists no quicker one.
    #[must_use]
    pub fn quick_pose(&self) -> Option<&PoseModel> {
        self.quick_pose.as_ref().or(self.pose.as_ref())
    }

    /// Boxes of people.
    #[must_use]
    pub fn person(&self) -> Option<&Detector> {
        self.detectors.get(&Role::Person)
    }

    /// Items on the desk.
    #[must_use]
    pub fn desk(&self) -> Option<&Detector> {
        self.detectors.get(&Role::Desk)
    }

    /// Presence and posture.
    #[must_use]
    pub fn window(&self) -> Option<&Head> {
        self.heads.get(&Role::Window)
    }

    /// The badge on the chest.
    #[must_use]
    pub fn badge(&self) -> Option<&Head> {
        self.heads.get(&Role::Badge)
    }

    /// A cigarette at hand or mouth.
    #[must_use]
    pub fn smoking(&self) -> Option<&Head> {
        self.heads.get(&Role::Smoking)
    }

    /// The manifest's entries.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where the model with that role really runs: OpenVINO may have refused it.
    #[must_use]
    pub fn provider(&self, role: Role) -> Option<Provider> {
        let entry = self.entries.iter().find(|e| e.role == role)?;
        self.providers.get(&entry.name).copied()
    }

    /// Hash of the model with that role, as events name it.
    #[must_use]
    pub fn digest(&self, role: Role) -> Option<&Digest> {
        self.entries.iter().find(|e| e.role == role).map(|e| &e.digest)
    }
}

/// A model that finds things of several classes.
#[derive(Debug, Clone)]
pub struct Detector {
    network: Arc<Network>,
    base: Option<Arc<Network>>,
    /// Input of the network that sees the pixels: the detector itself or its base.
    input: Input,
    labels: Vec<String>,
    min_score: f32,
    iou: f64,
    /// Overlap above which boxes are one thing whatever their labels.
    iou_any: Option<f64>,
}

impl Detector {
    fn new(network: Arc<Network>, base: Option<Arc<Network>>) -> Result<Self, ModelError> {
        let entry = &network.entry;
        let labels = match &entry.labels {
            Labels::One(labels) => labels.clone(),
            Labels::None | Labels::ByOutput(_) => {
                return Err(ModelError::shape(&entry.name, "a detector needs a list of labels"));
            }
        };
        let sees = base.as_ref().filter(|_| entry.input.is_none()).unwrap_or(&network);
        let input = sees.entry.input.clone().ok_or_else(|| {
            ModelError::shape(&entry.name, "a detector needs an input, or features_of a model with one")
        })?;
        let min_score = entry.threshold("score").unwrap_or(DEFAULT_SCORE);
        let iou = f64::from(entry.threshold("iou").unwrap_or(DEFAULT_IOU));
        let iou_any = entry
            .threshold("iou_any")
            .or((entry.decoder == Decoder::Centre).then_some(CENTRE_IOU_ANY))
            .map(f64::from);
        Ok(Self { input, labels, min_score, iou, iou_any, base, network })
    }

    /// The classes; [`Detection::label`] is an index into them.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The score from which a detection of that label is sure: its own threshold in the manifest, or that of all.
    #[must_use]
    pub fn threshold(&self, label: usize) -> f32 {
        let own = self.labels.get(label).and_then(|name| self.network.entry.threshold(name));
        own.unwrap_or(self.min_score).max(self.min_score)
    }

    /// Finds things in `region`, which is cut to the picture. Boxes are in picture pixels, inside the picture, sorted
    /// by score; they may reach beyond the region. Those below their label's [`Detector::threshold`] are unsure.
    ///
    /// # Errors
    /// When inference fails or an output is not laid out as the decoder reads it.
    pub fn run(&self, picture: &RgbImage, region: PixelBox) -> Result<Vec<Detection>, ModelError> {
        let entry = &self.network.entry;
        let features = base_features(&self.network, self.base.as_deref(), picture, region, None)?;
        let region = region.clipped(picture.width(), picture.height(), 0.0).unwrap_or(region);
        let placement = Placement::new(region, self.input.size, self.input.fit);
        let pixels = self.network.picture_input(picture, &placement);
        let outputs = self
            .network
            .run(pixels.as_ref(), features.as_ref(), |name| !entry.features.iter().any(|f| f == name))?;
        let mut found = self.decode(&outputs).map_err(|e| ModelError::shape(&entry.name, e.to_string()))?;
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(MAX_CANDIDATES);
        let mut kept = nms::class_wise(found, self.iou);
        if let Some(iou) = self.iou_any {
            kept = nms::any_class(kept, iou);
        }
        let in_picture = |d: Detection| {
            let region =
                placement.box_to_picture(d.region).clipped(picture.width(), picture.height(), 0.0)?;
            Some(Detection { region, ..d })
        };
        Ok(kept.into_iter().filter_map(in_picture).collect())
    }

    fn decode(&self, outputs: &Outputs) -> Result<Vec<Detection>, LayoutError> {
        let (classes, net) = (self.labels.len(), self.input.size);
        let views: Vec<_> = outputs.values().map(|array| array.view()).collect();
        match self.network.entry.decoder {
            Decoder::NanodetPlus => gfl::decode(&views, classes, net, 0.0, self.min_score),
            Decoder::Centre => {
                let named: Vec<_> =
                    outputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
                centre::decode(&named, classes, net, self.min_score)
            }
            _ => gfl::decode(&views, classes, net, 0.5, self.min_score),
        }
    }
}

/// The features that `network` reads, if it reads any and they are not given: its base model is run on the region.
pub(crate) fn base_features(
    network: &Network,
    base: Option<&Network>,
    picture: &RgbImage,
    region: PixelBox,
    given: Option<&Features>,
) -> Result<Option<Features>, ModelError> {
    let Some(base) = base else { return Ok(None) };
    if given.is_some_and(|f| f.of == base.entry.name) {
        return Ok(None);
    }
    let region = region.clipped(picture.width(), picture.height(), 0.0).unwrap_or(region);
    let pixels = base
        .entry
        .input
        .as_ref()
        .and_then(|input| base.picture_input(picture, &Placement::new(region, input.size, input.fit)));
    let wanted = network.fed_inputs();
    let maps = base.run(pixels.as_ref(), None, |name| wanted.contains(&name))?;
    Ok(Some(Features { of: base.entry.name.clone(), maps }))
}
