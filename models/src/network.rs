//! A loaded model file: checked by hash, run by name.

use crate::error::ModelError;
use crate::fit::Placement;
use crate::image::RgbImage;
use crate::manifest::{Dtype, Entry};
use crate::runtime::{self, Options, Provider};
use crate::tensor::{self, Tensor};
use chuangming_domain::digest::Digest;
use ndarray::{ArrayD, ArrayViewD};
use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorElementType, TensorRef, ValueType};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A model's outputs by name.
pub(crate) type Outputs = BTreeMap<String, ArrayD<f32>>;

/// What a base model saw in one crop, for the heads that read it. Lives in memory only: it cannot be serialised, and
/// its `Debug` output names the maps.
#[derive(Clone, PartialEq)]
pub struct Features {
    /// Name of the base model.
    pub(crate) of: String,
    pub(crate) maps: Outputs,
}

impl Features {
    /// The mean of each channel over the middle half of its map, each map brought to length one.
    pub(crate) fn means(&self) -> Vec<f32> {
        let mut means = Vec::new();
        for map in self.maps.values() {
            let &[_, channels, height, width] = map.shape() else { continue };
            let (rows, columns) = (height / 4..height - height / 4, width / 4..width - width / 4);
            let mut own: Vec<f32> = (0..channels)
                .map(|c| {
                    let cells = rows.clone().flat_map(|y| columns.clone().map(move |x| (y, x)));
                    cells.map(|(y, x)| map[[0, c, y, x]]).sum::<f32>()
                })
                .collect();
            let length = own.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            own.iter_mut().for_each(|v| *v /= length);
            means.extend(own);
        }
        means
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Features({}: {:?})", self.of, self.maps.keys().collect::<Vec<_>>())
    }
}

/// An input or output of the file; a free dimension is -1.
struct Port {
    name: String,
    element: TensorElementType,
    shape: Vec<i64>,
}

/// One model file in the runtime. Calls queue up: each uses all of its threads.
pub(crate) struct Network {
    pub(crate) entry: Entry,
    /// Where it really runs.
    pub(crate) provider: Provider,
    session: Mutex<Session>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({})", self.entry.name)
    }
}

impl Network {
    /// Reads the file, checks its hash, its inputs and the outputs that the entry names.
    pub(crate) fn load(
        environment: &Environment,
        entry: &Entry,
        options: &Options,
    ) -> Result<Self, ModelError> {
        let bytes = std::fs::read(&entry.file)
            .map_err(|reason| ModelError::Read { path: entry.file.clone(), reason })?;
        let found = Digest::of(&bytes);
        if found != entry.digest {
            return Err(ModelError::Hash { path: entry.file.clone(), found, expected: entry.digest.clone() });
        }
        let (session, provider) = runtime::session(environment, &entry.file, &bytes, options)?;
        let ports = |outlets: &[ort::value::Outlet]| {
            outlets.iter().map(|o| port(&entry.name, o)).collect::<Result<Vec<_>, _>>()
        };
        let network = Self {
            inputs: ports(session.inputs())?,
            outputs: ports(session.outputs())?,
            entry: entry.clone(),
            session: Mutex::new(session),
            provider,
        };
        network.check()?;
        Ok(network)
    }

    /// Names of the inputs that are not the picture: they are fed by a base model.
    pub(crate) fn fed_inputs(&self) -> Vec<&str> {
        let picture = self.entry.input.as_ref().map(|i| i.name.as_str());
        self.inputs.iter().map(|p| p.name.as_str()).filter(|name| Some(*name) != picture).collect()
    }

    /// Names of the outputs.
    pub(crate) fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|p| p.name.as_str())
    }

    /// The picture input for a placed crop; `None` for a model without one.
    pub(crate) fn picture_input(&self, picture: &RgbImage, placement: &Placement) -> Option<Tensor> {
        self.entry.input.as_ref().map(|input| tensor::from_picture(&placement.cut(picture), input))
    }

    /// Runs the model. `picture` goes to the picture input, `features` to the inputs named like its maps. The outputs
    /// for which `keep` is true come back.
    pub(crate) fn run(
        &self,
        picture: Option<&Tensor>,
        features: Option<&Features>,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Outputs, ModelError> {
        let failed = |e: &ort::Error| ModelError::run(&self.entry.name, e);
        let mut given: Vec<(String, SessionInputValue<'_>)> = Vec::with_capacity(self.inputs.len());
        if let (Some(input), Some(pixels)) = (&self.entry.input, picture) {
            let value = match pixels {
                Tensor::Float32(array) => {
                    SessionInputValue::from(TensorRef::from_array_view(array.view()).map_err(|e| failed(&e))?)
                }
                Tensor::Int32(array) => {
                    SessionInputValue::from(TensorRef::from_array_view(array.view()).map_err(|e| failed(&e))?)
                }
            };
            given.push((input.name.clone(), value));
        }
        for name in self.fed_inputs() {
            let map = features.and_then(|f| f.maps.get(name)).ok_or_else(|| {
                let base = self.entry.features_of.as_deref().unwrap_or("a base model");
                ModelError::shape(
                    &self.entry.name,
                    format!("input {name} is not among the outputs of {base}"),
                )
            })?;
            given.push((
                name.to_owned(),
                SessionInputValue::from(TensorRef::from_array_view(map.view()).map_err(|e| failed(&e))?),
            ));
        }
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(given).map_err(|e| failed(&e))?;
        let mut kept = Outputs::new();
        for (name, value) in outputs.iter().filter(|(name, _)| keep(name)) {
            let view: ArrayViewD<'_, f32> = value.try_extract_array().map_err(|e| failed(&e))?;
            kept.insert(name.to_owned(), view.to_owned());
        }
        Ok(kept)
    }

    fn check(&self) -> Result<(), ModelError> {
        let wrong = |problem: String| Err(ModelError::shape(&self.entry.name, problem));
        if let Some(input) = &self.entry.input {
            let Some(port) = self.inputs.iter().find(|p| p.name == input.name) else {
                let names: Vec<_> = self.inputs.iter().map(|p| p.name.as_str()).collect();
                return wrong(format!(
                    "has no input {}, the manifest's input.name; it has {}",
                    input.name,
                    names.join(", ")
                ));
            };
            let wanted = tensor::shape(input);
            if !fits(&port.shape, &wanted) {
                return wrong(format!(
                    "input {} has shape {:?}, the manifest's layout and size make {wanted:?}",
                    port.name, port.shape
                ));
            }
            let element = match input.dtype {
                Dtype::Float32 => TensorElementType::Float32,
                Dtype::Int32 => TensorElementType::Int32,
            };
            if port.element != element {
                return wrong(format!(
                    "input {} is {}, the manifest's dtype is {}",
                    port.name,
                    port.element,
                    input.dtype.name()
                ));
            }
        }
        if self.entry.features_of.is_none() && !self.fed_inputs().is_empty() {
            return wrong(format!(
                "has further inputs {}, and no features_of to feed them",
                self.fed_inputs().join(", ")
            ));
        }
        for feature in &self.entry.features {
            if !self.output_names().any(|name| name == feature) {
                return wrong(format!("has no output {feature}, which the manifest lists in features"));
            }
        }
        Ok(())
    }
}

fn port(model: &str, outlet: &ort::value::Outlet) -> Result<Port, ModelError> {
    match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => {
            Ok(Port { name: outlet.name().to_owned(), element: *ty, shape: shape.to_vec() })
        }
        other => {
            Err(ModelError::shape(model, format!("{} is {other}, tensors are supported", outlet.name())))
        }
    }
}

fn fits(declared: &[i64], wanted: &[usize]) -> bool {
    declared.len() == wanted.len()
        && declared.iter().zip(wanted).all(|(d, w)| *d < 0 || usize::try_from(*d) == Ok(*w))
}
