use crate::decode::{Keypoint, heatmap, movenet};
use crate::error::ModelError;
use crate::fit::Placement;
use crate::image::RgbImage;
use crate::manifest::{Decoder, Input};
use crate::network::{Features, Network};
use crate::pixel_box::PixelBox;
use std::fmt;
use std::sync::Arc;

/// The person in a crop. Lives in memory only: it cannot be serialised, and its `Debug` output shows no place.
#[derive(Clone, PartialEq)]
pub struct Pose {
    /// 17 joints in COCO order, in picture pixels.
    pub keypoints: [Keypoint; 17],
    /// What the model saw, for the heads that read it.
    pub features: Features,
}

impl fmt::Debug for Pose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.keypoints.iter().filter(|k| k.score >= 0.2).count();
        write!(f, "Pose({seen} keypoints seen, {:?})", self.features)
    }
}

/// A model that finds the keypoints of one person.
#[derive(Debug, Clone)]
pub struct PoseModel {
    network: Arc<Network>,
    input: Input,
}

impl PoseModel {
    pub(crate) fn new(network: Arc<Network>) -> Result<Self, ModelError> {
        let input = network.entry.input.clone();
        let input =
            input.ok_or_else(|| ModelError::shape(&network.entry.name, "a pose model needs an input"))?;
        Ok(Self { network, input })
    }

    /// Finds the keypoints of the person in `region`, which is cut to the picture. The other polygons' pixels should be
    /// grey already ([`crate::Mask`]).
    ///
    /// # Errors
    /// When inference fails or the model's output is not what its decoder reads.
    pub fn run(&self, picture: &RgbImage, region: PixelBox) -> Result<Pose, ModelError> {
        let region = region.clipped(picture.width(), picture.height(), 0.0).unwrap_or(region);
        let placement = Placement::new(region, self.input.size, self.input.fit);
        let entry = &self.network.entry;
        let pixels = self.network.picture_input(picture, &placement);
        let main = self.keypoint_output().to_owned();
        let maps = self
            .network
            .run(pixels.as_ref(), None, |name| name == main || entry.features.iter().any(|f| f == name))?;
        let output =
            maps.get(&main).ok_or_else(|| ModelError::shape(&entry.name, format!("has no output {main}")))?;
        let decoded = match entry.decoder {
            Decoder::Heatmap => heatmap::decode(output.view(), self.input.size),
            _ => movenet::decode(output.view(), self.input.size),
        };
        let mut keypoints = decoded.map_err(|e| ModelError::shape(&entry.name, e.to_string()))?;
        for keypoint in &mut keypoints {
            (keypoint.x, keypoint.y) = placement.to_picture(keypoint.x, keypoint.y);
        }
        Ok(Pose { keypoints, features: Features { of: entry.name.clone(), maps } })
    }

    /// What a region shows, in numbers that change little with its place and its light: the means of the model's features.
    /// Alike things have alike numbers.
    ///
    /// # Errors
    /// When inference fails.
    pub fn describe(&self, picture: &RgbImage, region: PixelBox) -> Result<Vec<f32>, ModelError> {
        Ok(self.run(picture, region)?.features.means())
    }

    /// The keypoints are in the first output that is not listed as a feature.
    fn keypoint_output(&self) -> &str {
        let features = &self.network.entry.features;
        self.network.output_names().find(|name| !features.iter().any(|f| f == name)).unwrap_or_default()
    }
}
