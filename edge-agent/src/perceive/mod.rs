//! From one picture of one window to what the five signals say of it.
//!
//! Everything outside the window's polygons is grey before any model sees the picture, so nothing there can change what
//! is said. Pictures, crops, keypoints and descriptors stay in this module; only [`Observation`]s leave it.

mod badge;
pub(crate) mod coded;
pub mod company;
mod desk;
mod evidence;
mod grid;
mod optics;
mod person;
mod posture;
mod presence;
pub mod reference;
mod smoking;
pub mod stages;
mod standing;
mod structure;
mod taught;

pub use evidence::Evidence;
pub use optics::Optics;
pub use reference::Reference;
pub use taught::{Description, Taught};

use crate::config::model_manifest;
use crate::failure::Failure;
use chuangming_domain::calibration::Window;
use chuangming_domain::digest::Digest;
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::item::{CustomItem, ItemClass, ItemSet};
use chuangming_domain::observation::{DeskItem, Observation, Presence, Reading, Signal, UnknownReason};
use chuangming_models::{Classes, Mask, ModelError, Models, Options, PixelBox, RgbImage, Role, crops};
use person::{Covering, Person};
use stages::{Stage, Stages};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// In a smoking zone so many people are looked at, the surest detections first.
const MOST_PEOPLE: usize = 6;
/// On a desk so many things are compared with those that were shown.
const MOST_LOOKS: usize = 6;

/// What is to be looked at in a picture: one window.
#[derive(Debug, Clone)]
pub struct WindowView {
    /// Where the staff member is.
    pub seat: Polygon,
    /// The desk top; without it the desk is unknown.
    pub desk: Option<Polygon>,
    /// What was learnt of the tidy desk and the empty seat.
    pub reference: Option<Arc<Reference>>,
    /// Items that were shown to the agent here.
    pub taught: Option<Arc<Taught>>,
    /// Those of them that may be on the desk.
    pub permitted_custom: BTreeSet<CustomItem>,
    /// Items that must be on the desk.
    pub required: ItemSet,
    /// How the camera sees it.
    pub optics: Arc<Optics>,
}

impl WindowView {
    /// A window without a reference.
    #[must_use]
    pub fn new(seat: Polygon, desk: Option<Polygon>, required: ItemSet) -> Self {
        Self {
            seat,
            desk,
            reference: None,
            taught: None,
            permitted_custom: BTreeSet::new(),
            required,
            optics: Arc::default(),
        }
    }

    /// A window as its zones say, without what was learnt of it.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        Self {
            permitted_custom: window.permitted_custom.clone(),
            ..Self::new(window.seat.clone(), window.desk.clone(), window.required.clone())
        }
    }

    /// A region that is watched for smoking only.
    #[must_use]
    pub fn of_zone(zone: Polygon) -> Self {
        Self::new(zone, None, ItemSet::new())
    }

    /// The picture with everything grey that is not this window's, or that nobody may look at.
    fn masked(&self, image: &RgbImage) -> RgbImage {
        let polygons: Vec<&Polygon> = [Some(&self.seat), self.desk.as_ref()].into_iter().flatten().collect();
        Mask::new(&polygons, image.width(), image.height()).without(&self.optics.masks).apply(image)
    }

    /// Whether a place, in fractions of the picture, is this window's, and may be looked at.
    fn shows(&self, p: Point) -> bool {
        let is_here = self.seat.contains(p) || self.desk.as_ref().is_some_and(|desk| desk.contains(p));
        is_here && !self.optics.masks.iter().any(|mask| mask.contains(p))
    }
}

/// The models, and how long they take. One look at a time; cheap to clone the models out of it.
#[derive(Debug)]
pub struct Perception {
    models: Models,
    stages: Stages,
}

/// One masked picture of a window, and the box of its seat.
struct Glance<'a> {
    image: RgbImage,
    view: &'a WindowView,
    seat_box: PixelBox,
}

impl Perception {
    /// Looks with these models. A role that they lack leaves its signal unknown.
    #[must_use]
    pub fn new(models: Models) -> Self {
        Self { models, stages: Stages::default() }
    }

    /// Loads the models that a manifest lists; without a name the manifest is searched for.
    ///
    /// # Errors
    /// When there is no manifest, or a model is not what it says.
    pub fn load(manifest: Option<&Path>) -> Result<Self, Failure> {
        let manifest = model_manifest(manifest)?;
        Ok(Self::new(Models::load(&manifest, &Options::default()).map_err(Failure::input)?))
    }

    /// How long the stages took so far.
    #[must_use]
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    /// Notes how long something outside took, such as decoding the picture.
    pub fn note(&mut self, stage: Stage, took: Duration) {
        self.stages.note(stage, took);
    }

    /// Content hash of the model that speaks for each signal, as events name it.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<Signal, Digest> {
        let speaker = |signal| match signal {
            Signal::Presence | Signal::Posture => Role::Window,
            Signal::Badge => Role::Badge,
            Signal::Smoking => Role::Smoking,
            Signal::Desk => Role::Desk,
        };
        Signal::ALL.into_iter().filter_map(|s| Some((s, self.models.digest(speaker(s))?.clone()))).collect()
    }

    /// What the signals that are due say of the window. Where nobody is at the post, posture, badge and smoking have
    /// nothing to say and are left out.
    ///
    /// # Errors
    /// When a model cannot be run.
    pub fn look(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
        due: &[Signal],
    ) -> Result<Vec<Observation>, ModelError> {
        let is_due = |signal| due.contains(&signal);
        let unknown = |reason| Ok(due.iter().map(|&s| Observation::unknown(s, reason)).collect());
        let Some(seat_box) = crops::window_box(&view.seat, image.width(), image.height()) else {
            return unknown(UnknownReason::TooSmall);
        };
        let image = self.stages.time(Stage::Mask, || view.masked(image));
        let glance = Glance { image, view, seat_box };
        let people =
            if is_due(Signal::Presence) || is_due(Signal::Desk) { self.people(&glance)? } else { None };
        let person = self.person(&glance)?;
        let mut said = Vec::with_capacity(due.len());
        let presence = presence::read(&person, people.as_deref(), glance.changed_seat());
        if is_due(Signal::Presence) {
            said.push(Observation::Presence(presence.clone()));
        }
        if !matches!(presence, Reading::Known { value: Presence::Absent, .. }) {
            if is_due(Signal::Posture) {
                said.push(Observation::Posture(posture::read(&person, glance.seat_box)));
            }
            if is_due(Signal::Badge) {
                said.push(Observation::Badge(self.badge(&glance, &person)?));
            }
            if is_due(Signal::Smoking) {
                said.push(Observation::Smoking(self.smoking(&glance, &person)?));
            }
        }
        if is_due(Signal::Desk) {
            let covering = person::covering(&person, people.as_deref().unwrap_or_default(), &presence);
            let desk = self.desk(&glance, &covering)?;
            said.push(Observation::Desk(self.without_permitted(&glance, desk)?));
        }
        Ok(said)
    }

    /// Whether somebody smokes in a region that is watched for smoking only; each person there is looked at.
    ///
    /// # Errors
    /// When a model cannot be run.
    pub fn look_for_smoking(
        &mut self,
        image: &RgbImage,
        zone: &WindowView,
    ) -> Result<Observation, ModelError> {
        let (width, height) = (image.width(), image.height());
        let Some(seat_box) = crops::window_box(&zone.seat, width, height) else {
            return Ok(Observation::unknown(Signal::Smoking, UnknownReason::TooSmall));
        };
        let image = self.stages.time(Stage::Mask, || zone.masked(image));
        let glance = Glance { image, view: zone, seat_box };
        let Some(people) = self.people(&glance)? else {
            return Ok(Observation::unknown(Signal::Smoking, UnknownReason::Unsure));
        };
        let mut readings = Vec::new();
        for sighting in people.iter().take(MOST_PEOPLE) {
            let Some(place) = person::place(sighting, width, height) else { continue };
            let view = WindowView { optics: Arc::clone(&zone.optics), ..WindowView::of_zone(place) };
            let image = glance.image.clone();
            let alone = Glance { seat_box: sighting.region, image, view: &view };
            let person = self.person(&alone)?;
            readings.push(self.smoking(&alone, &person)?);
        }
        Ok(Observation::Smoking(smoking::together(readings)))
    }

    /// Learns the tidy desk and the empty seat from a picture with nobody in view.
    ///
    /// # Errors
    /// When somebody is in view, or a model cannot be run.
    pub fn learn_reference(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
    ) -> Result<Reference, reference::LearnError> {
        let seat_box = crops::window_box(&view.seat, image.width(), image.height());
        let seat_box = seat_box.ok_or(reference::LearnError::TooSmall)?;
        let plain = WindowView { reference: None, ..view.clone() };
        let glance = Glance { image: plain.masked(image), view: &plain, seat_box };
        let people = self.people(&glance)?;
        let presence = presence::read(&self.person(&glance)?, people.as_deref(), None);
        if matches!(presence.value(), Some(Presence::Present { .. })) {
            return Err(reference::LearnError::SomebodyInView);
        }
        let found = match &view.desk {
            Some(desk) => self.found_on_desk(&glance, desk, &Covering::default())?.ok(),
            None => None,
        };
        let standing = found.map(|(_, items)| desk::standing(items)).unwrap_or_default();
        Ok(Reference::learn(&glance.image, &view.seat, view.desk.as_ref(), standing))
    }

    /// What is found on a desk, and the region in which it was looked for; or why that cannot be told.
    fn found_on_desk(
        &mut self,
        glance: &Glance<'_>,
        desk: &Polygon,
        covering: &Covering,
    ) -> Result<Result<(PixelBox, Vec<DeskItem>), UnknownReason>, ModelError> {
        let Some(detector) = self.models.desk() else { return Ok(Err(UnknownReason::Unsure)) };
        let Some(region) = crops::desk_box(desk, glance.image.width(), glance.image.height()) else {
            return Ok(Err(UnknownReason::TooSmall));
        };
        let found = self.stages.time(Stage::Desk, || detector.run(&glance.image, region))?;
        let items =
            self.stages.time(Stage::Reference, || desk::items(detector, &found, desk, glance, covering));
        Ok(Ok((region, items)))
    }

    /// Describes what a box of the picture (in fractions) shows, so that it is known again at other places of the desk;
    /// `None` without a model that can.
    ///
    /// # Errors
    /// When the model cannot be run.
    pub fn describe(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
        place: Rect,
    ) -> Result<Option<Description>, ModelError> {
        self.describe_masked(&view.masked(image), place)
    }

    fn describe_masked(&mut self, image: &RgbImage, place: Rect) -> Result<Option<Description>, ModelError> {
        let Some(model) = self.models.pose() else { return Ok(None) };
        let region = taught::region(place, image.width(), image.height());
        let Some(region) = region else { return Ok(None) };
        let mut numbers = self.stages.time(Stage::Reference, || model.describe(image, region))?;
        numbers.extend(taught::colours(image, region));
        Ok(Some(Description::new(numbers)))
    }

    /// Leaves out what was shown to the agent at this window and is permitted there.
    fn without_permitted(
        &mut self,
        glance: &Glance<'_>,
        said: Reading<desk::Desk>,
    ) -> Result<Reading<desk::Desk>, ModelError> {
        let (Some(taught), false) = (&glance.view.taught, glance.view.permitted_custom.is_empty()) else {
            return Ok(said);
        };
        let Reading::Known { value: mut desk, confidence, lasting } = said else { return Ok(said) };
        let mut kept = Vec::with_capacity(desk.items.len());
        let mut looks = 0;
        for item in desk.items {
            let is_known = ItemClass::permitted_by_default().contains(&item.class);
            if is_known || looks == MOST_LOOKS {
                kept.push(item);
                continue;
            }
            looks += 1;
            let description = self.describe_masked(&glance.image, item.bounds)?;
            let name = description.as_ref().and_then(|d| taught.recognise(d)).map(|(name, _)| name);
            if !name.is_some_and(|name| glance.view.permitted_custom.contains(name)) {
                kept.push(item);
            }
        }
        desk.items = kept;
        Ok(Reading::Known { value: desk, confidence, lasting })
    }

    /// Boxes around everybody in the whole picture, for leaving them out; `None` without a detector.
    ///
    /// # Errors
    /// When a model cannot be run.
    pub fn find_people(&mut self, image: &RgbImage) -> Result<Option<Vec<Rect>>, ModelError> {
        let Some(detector) = self.models.person() else { return Ok(None) };
        let (width, height) = (image.width(), image.height());
        let found =
            self.stages.time(Stage::Person, || detector.run(image, PixelBox::whole(width, height)))?;
        let people = person::boxes(detector, &found);
        Ok(Some(people.iter().map(|person| person.region.to_fractions(width, height)).collect()))
    }

    /// Boxes of people in the seat's crop; `None` without a detector.
    fn people(&mut self, glance: &Glance<'_>) -> Result<Option<Vec<person::Sighting>>, ModelError> {
        let Some(detector) = self.models.person() else { return Ok(None) };
        let found = self.stages.time(Stage::Person, || detector.run(&glance.image, glance.seat_box))?;
        Ok(Some(person::sightings(detector, &found, &glance.view.seat, &glance.image)))
    }

    /// Keypoints of the person in the seat's crop and what the window head says of them. Where the camera is rolled, both
    /// look at the seat turned upright, so that who leans is told from a camera that does.
    fn person(&mut self, glance: &Glance<'_>) -> Result<Person, ModelError> {
        let Some(model) = self.models.pose() else { return Ok(Person::default()) };
        let lean = glance.view.optics.lean(glance.seat_box, &glance.image);
        let upright = lean.map(|lean| self.stages.time(Stage::Mask, || lean.undone(&glance.image)));
        let image = upright.as_ref().unwrap_or(&glance.image);
        let mut pose = self.stages.time(Stage::Pose, || model.run(image, glance.seat_box))?;
        let classes = match self.models.window() {
            Some(head) => {
                let features = Some(&pose.features);
                Some(self.stages.time(Stage::Window, || head.run(image, glance.seat_box, features))?)
            }
            None => None,
        };
        if let Some(lean) = lean {
            pose.keypoints = pose.keypoints.map(|keypoint| lean.back(keypoint));
        }
        let (width, height) = (glance.image.width(), glance.image.height());
        let scale = crops::body_scale(&pose.keypoints, &glance.view.seat, width, height);
        Ok(Person { keypoints: Some(pose.keypoints), classes, scale })
    }

    fn badge(&mut self, glance: &Glance<'_>, person: &Person) -> Result<Reading<badge::Badge>, ModelError> {
        let Some(head) = self.models.badge() else { return Ok(Reading::Unknown(UnknownReason::Unsure)) };
        let region = match badge::region(glance, person) {
            Ok(region) => region,
            Err(reason) => return Ok(Reading::Unknown(reason)),
        };
        let classes = self.stages.time(Stage::Badge, || head.run(&glance.image, region, None))?;
        Ok(badge::read(&classes))
    }

    fn smoking(
        &mut self,
        glance: &Glance<'_>,
        person: &Person,
    ) -> Result<Reading<smoking::Smoking>, ModelError> {
        let Some(head) = self.models.smoking() else { return Ok(Reading::Unknown(UnknownReason::Unsure)) };
        let region = match smoking::region(glance, person) {
            Ok(region) => region,
            Err(reason) => return Ok(smoking::unseen(person.says_slumped(), reason)),
        };
        let look = |crop: &PixelBox| head.run(&glance.image, *crop, None);
        let classes: Vec<Classes> =
            self.stages.time(Stage::Smoking, || region.crops.iter().map(look).collect::<Result<_, _>>())?;
        Ok(smoking::read(&classes, &region))
    }

    fn desk(&mut self, glance: &Glance<'_>, covering: &Covering) -> Result<Reading<desk::Desk>, ModelError> {
        let Some(polygon) = &glance.view.desk else { return Ok(Reading::Unknown(UnknownReason::Unsure)) };
        let (region, items) = match self.found_on_desk(glance, polygon, covering)? {
            Ok(found) => found,
            Err(reason) => return Ok(Reading::Unknown(reason)),
        };
        let said =
            self.stages.time(Stage::Reference, || desk::read(glance, polygon, items.clone(), covering));
        if !desk::may_be_a_person(glance, &said) {
            return Ok(said);
        }
        // Somebody at the next window may stand before this desk.
        let Some(detector) = self.models.person() else { return Ok(said) };
        let found = self.stages.time(Stage::Person, || detector.run(&glance.image, region))?;
        let covering = covering.with(person::boxes(detector, &found));
        Ok(self.stages.time(Stage::Reference, || desk::read(glance, polygon, items, &covering)))
    }
}

impl Glance<'_> {
    /// How much the seat differs from the empty one, 0 to 1; `None` without a reference.
    fn changed_seat(&self) -> Option<f32> {
        self.view.reference.as_ref()?.changed_seat(&self.image, &self.view.seat)
    }
}
