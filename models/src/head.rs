use crate::decode::logits;
use crate::error::ModelError;
use crate::fit::Placement;
use crate::image::RgbImage;
use crate::manifest::Labels;
use crate::models::base_features;
use crate::network::{Features, Network};
use crate::pixel_box::PixelBox;
use std::sync::Arc;

/// A model that answers questions with classes: presence, posture, badge, smoking.
#[derive(Debug, Clone)]
pub struct Head {
    network: Arc<Network>,
    base: Option<Arc<Network>>,
    questions: Vec<Question>,
    /// From so many pixels of the picture on, along its longer side, a crop is sharp.
    sharp_from: Option<f64>,
}

/// One output of a head.
#[derive(Debug, Clone)]
struct Question {
    output: String,
    labels: Arc<[String]>,
    /// Smallest probability at which each label is accepted.
    thresholds: Arc<[f32]>,
    temperature: f32,
    /// Added to the labels' logits in a crop that is sharp.
    sharp: Arc<[f32]>,
}

/// The answers of a head in one crop.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes(Vec<(String, Distribution)>);

/// Calibrated probabilities of the classes of one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    labels: Arc<[String]>,
    thresholds: Arc<[f32]>,
    probabilities: Vec<f32>,
}

impl Head {
    pub(crate) fn new(network: Arc<Network>, base: Option<Arc<Network>>) -> Result<Self, ModelError> {
        let questions = questions(&network)?;
        let sharp_from = network.entry.threshold("sharp_from").map(f64::from);
        Ok(Self { network, base, questions, sharp_from })
    }

    /// Answers for `region` of the picture, which is cut to the picture. `features` of the head's base model, found in
    /// the same region, spare running the base model again; those of another model are not used.
    ///
    /// # Errors
    /// When inference fails or an output is not what the manifest says.
    pub fn run(
        &self,
        picture: &RgbImage,
        region: PixelBox,
        features: Option<&Features>,
    ) -> Result<Classes, ModelError> {
        let entry = &self.network.entry;
        let computed = base_features(&self.network, self.base.as_deref(), picture, region, features)?;
        let region = region.clipped(picture.width(), picture.height(), 0.0).unwrap_or(region);
        let pixels = entry.input.as_ref().and_then(|input| {
            self.network.picture_input(picture, &Placement::new(region, input.size, input.fit))
        });
        let outputs = self.network.run(pixels.as_ref(), computed.as_ref().or(features), |name| {
            self.questions.iter().any(|q| q.output == name)
        })?;
        let is_sharp = self.sharp_from.is_some_and(|from| region.width().max(region.height()) >= from);
        let mut answers = Vec::with_capacity(self.questions.len());
        for question in &self.questions {
            let output = outputs.get(&question.output).ok_or_else(|| {
                ModelError::shape(&entry.name, format!("has no output {}", question.output))
            })?;
            let plain = vec![0.0; question.labels.len()];
            let shifts = if is_sharp { &question.sharp[..] } else { &plain };
            let probabilities = logits::decode(output.view(), shifts, question.temperature)
                .map_err(|e| ModelError::shape(&entry.name, format!("{}: {e}", question.output)))?;
            let (labels, thresholds) = (question.labels.clone(), question.thresholds.clone());
            answers.push((question.output.clone(), Distribution { labels, thresholds, probabilities }));
        }
        Ok(Classes(answers))
    }
}

fn questions(network: &Network) -> Result<Vec<Question>, ModelError> {
    let entry = &network.entry;
    let outputs: Vec<&str> = network.output_names().collect();
    let lists = match &entry.labels {
        Labels::ByOutput(table) => table.iter().map(|(output, labels)| (output.as_str(), labels)).collect(),
        Labels::One(labels) => match outputs.as_slice() {
            [only] => vec![(*only, labels)],
            many => {
                return Err(ModelError::shape(
                    &entry.name,
                    format!(
                        "has {} outputs ({}): labels must be a table by output",
                        many.len(),
                        many.join(", ")
                    ),
                ));
            }
        },
        Labels::None => Vec::new(),
    };
    let mut questions = Vec::new();
    for (output, labels) in lists {
        if !outputs.contains(&output) {
            return Err(ModelError::shape(
                &entry.name,
                format!("has no output {output}, which labels names; it has {}", outputs.join(", ")),
            ));
        }
        let temperature = entry
            .threshold(&format!("temperature_{output}"))
            .or(entry.threshold("temperature"))
            .unwrap_or(1.0);
        if temperature <= 0.0 {
            return Err(ModelError::shape(
                &entry.name,
                format!("thresholds.temperature is {temperature}, expected a number above 0"),
            ));
        }
        let thresholds = labels.iter().map(|label| entry.threshold(label).unwrap_or(0.0)).collect();
        let sharp = labels.iter().map(|label| entry.threshold(&format!("sharp_{label}")).unwrap_or(0.0));
        questions.push(Question {
            output: output.to_owned(),
            labels: labels.iter().cloned().collect(),
            thresholds,
            temperature,
            sharp: sharp.collect(),
        });
    }
    Ok(questions)
}

impl Classes {
    /// The answer to a question, by the name of the model's output.
    #[must_use]
    pub fn get(&self, output: &str) -> Option<&Distribution> {
        self.0.iter().find(|(name, _)| name == output).map(|(_, answer)| answer)
    }

    /// The answer of a head that has one question; the first in the order of names otherwise.
    #[must_use]
    pub fn first(&self) -> Option<&Distribution> {
        self.0.first().map(|(_, answer)| answer)
    }
}

impl Distribution {
    /// The probability of a class; `None` if there is no such class.
    #[must_use]
    pub fn of(&self, label: &str) -> Option<f32> {
        Some(self.probabilities[self.labels.iter().position(|l| l == label)?])
    }

    /// Class and probability, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f32)> {
        self.labels.iter().map(String::as_str).zip(self.probabilities.iter().copied())
    }

    /// The most probable class.
    #[must_use]
    pub fn best(&self) -> (&str, f32) {
        self.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("", 0.0))
    }

    /// The most probable class, if it reaches its threshold in the manifest; `None` is unsure.
    #[must_use]
    pub fn decided(&self) -> Option<(&str, f32)> {
        let best = self.best();
        let place = self.labels.iter().position(|l| l == best.0)?;
        (best.1 >= self.thresholds[place]).then_some(best)
    }
}
