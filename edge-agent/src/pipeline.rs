//! Everything of one camera: which signals are due in a frame, what they say, and what the rules make of it.
//!
//! Run, replay and evaluation all go through here. Time is an argument; timestamps decide what is due, not frame
//! counts, so the same scene gives the same events at any frame rate.

use crate::perceive::{Evidence, Optics, Perception, Reference, Taught, WindowView};
use chuangming_analysis::schedule::on_duty;
use chuangming_analysis::{Context, Duty, Hours, Place, Window};
use chuangming_calibration::is_too_small;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event};
use chuangming_domain::geometry::{Polygon, Rect};
use chuangming_domain::id::{AgentId, HallId, WindowId, ZoneId};
use chuangming_domain::observation::{Observation, Signal, UnknownReason};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use chuangming_models::{ModelError, RgbImage};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Looks at pictures: [`Perception`], or a script in tests.
pub trait Looks: Send {
    /// What the signals that are due say of a window.
    ///
    /// # Errors
    /// When a model cannot be run.
    fn look(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
        due: &[Signal],
    ) -> Result<Vec<Observation>, ModelError>;

    /// Whether somebody smokes in a zone.
    ///
    /// # Errors
    /// When a model cannot be run.
    fn look_for_smoking(&mut self, image: &RgbImage, zone: &WindowView) -> Result<Observation, ModelError>;

    /// Boxes around everybody in the picture, for leaving them out; `None`: nobody can tell.
    ///
    /// # Errors
    /// When a model cannot be run.
    fn find_people(&mut self, _image: &RgbImage) -> Result<Option<Vec<Rect>>, ModelError> {
        Ok(None)
    }
}

impl Looks for Perception {
    fn look(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
        due: &[Signal],
    ) -> Result<Vec<Observation>, ModelError> {
        Perception::look(self, image, view, due)
    }

    fn look_for_smoking(&mut self, image: &RgbImage, zone: &WindowView) -> Result<Observation, ModelError> {
        Perception::look_for_smoking(self, image, zone)
    }

    fn find_people(&mut self, image: &RgbImage) -> Result<Option<Vec<Rect>>, ModelError> {
        Perception::find_people(self, image)
    }
}

/// A picture of a camera and, where there is one, a larger one of the same view and moment.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// What every signal can look at.
    pub image: &'a RgbImage,
    /// What those look at that need more pixels.
    pub detail: Option<&'a RgbImage>,
}

impl<'a> From<&'a RgbImage> for Pictures<'a> {
    fn from(image: &'a RgbImage) -> Self {
        Self { image, detail: None }
    }
}

/// What all places of a camera have in common.
#[derive(Debug, Clone)]
pub struct Site {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// Content hash of the calibration in force.
    pub calibration: Digest,
    /// Content hash of the model behind each signal.
    pub models: BTreeMap<Signal, Digest>,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// Sets the event ids of this run apart from those of others.
    pub seed: u64,
}

/// One window of a camera.
#[derive(Debug, Clone)]
pub struct WatchedWindow {
    /// Its id.
    pub id: WindowId,
    /// What is looked at.
    pub view: WindowView,
    /// What it is meant for.
    pub duty: Duty,
}

/// What was learnt of a window.
#[derive(Debug, Clone, Default)]
pub struct Learnt {
    /// Its tidy desk and empty seat.
    pub reference: Option<Arc<Reference>>,
    /// The items that were shown there.
    pub taught: Option<Arc<Taught>>,
}

/// One camera's windows and smoking zones.
pub struct CameraPipeline {
    looks: Arc<Mutex<dyn Looks>>,
    policy: Arc<Policy>,
    posts: Vec<Post>,
}

/// A window or zone with its rules.
struct Post {
    place: Place,
    target: Target,
    rules: Window,
    /// When each signal is to be looked at next; absent: at once.
    next: BTreeMap<Signal, Timestamp>,
    evidence: Evidence,
    /// How often a signal is looked at that no rule asks for.
    idle_period: Option<f64>,
}

enum Target {
    Window(Box<WindowView>),
    Zone(Box<WindowView>),
}

impl CameraPipeline {
    /// A camera whose places were not observed yet.
    #[must_use]
    pub fn new(
        looks: Arc<Mutex<dyn Looks>>,
        site: &Site,
        windows: Vec<WatchedWindow>,
        zones: Vec<(ZoneId, Polygon)>,
    ) -> Self {
        let windows = windows
            .into_iter()
            .map(|w| Post::new(site, Place::Window(w.id), Target::Window(Box::new(w.view)), w.duty));
        let nothing = || Duty { post: 1, required: [].into(), permitted: [].into() };
        let zones = zones
            .into_iter()
            .map(|(id, polygon)| (id, Target::Zone(Box::new(WindowView::of_zone(polygon)))))
            .map(|(id, target)| Post::new(site, Place::Zone(id), target, nothing()));
        Self { looks, policy: Arc::clone(&site.policy), posts: windows.chain(zones).collect() }
    }

    /// Looks at signals that no rule asks for too, so often in seconds.
    #[must_use]
    pub fn watching_all(mut self, period: f64) -> Self {
        self.posts.iter_mut().for_each(|post| post.idle_period = Some(period));
        self
    }

    /// Looks through a camera that hides and leans as its calibration says.
    #[must_use]
    pub fn seen_through(mut self, optics: &Arc<Optics>) -> Self {
        for post in &mut self.posts {
            let (Target::Window(view) | Target::Zone(view)) = &mut post.target;
            view.optics = Arc::clone(optics);
        }
        self
    }

    /// Whether any signal would be looked at in a frame of that time; frames that nobody needs need no decoding.
    #[must_use]
    pub fn is_due(&self, at: Timestamp) -> bool {
        on_duty(self.policy.schedule.as_ref(), at) && self.posts.iter().any(|post| !post.due(at).is_empty())
    }

    /// Whether a look has been missing for longer than its whole period: somebody is too slow.
    #[must_use]
    pub fn is_late(&self, at: Timestamp) -> bool {
        on_duty(self.policy.schedule.as_ref(), at) && self.posts.iter().any(|post| post.is_late(at))
    }

    /// Looks at what is due in a frame.
    pub fn step(&mut self, at: Timestamp, image: &RgbImage) -> Vec<Event> {
        self.step_showing(at, image, |_, _| {})
    }

    /// Whether something is due whose crop has too few pixels in this frame.
    #[must_use]
    pub fn wants_detail(&self, at: Timestamp, image: &RgbImage) -> bool {
        on_duty(self.policy.schedule.as_ref(), at)
            && self.posts.iter().any(|post| post.due(at).into_iter().any(|s| post.wants_detail(image, s)))
    }

    /// As [`step`](Self::step), and shows what each signal said.
    pub fn step_showing<'a>(
        &mut self,
        at: Timestamp,
        pictures: impl Into<Pictures<'a>>,
        mut show: impl FnMut(&Place, &Observation),
    ) -> Vec<Event> {
        let (looks, pictures) = (Arc::clone(&self.looks), pictures.into());
        self.pass(at, |post, due| {
            let said = post.look(&mut *looks.lock(), at, pictures, due);
            said.iter().for_each(|observation| show(&post.place, observation));
            said
        })
    }

    /// The camera cannot see: every signal that is due is unknown.
    pub fn unknown(&mut self, at: Timestamp, reason: UnknownReason) -> Vec<Event> {
        self.unknown_showing(at, reason, |_, _| {})
    }

    /// As [`unknown`](Self::unknown), and shows it.
    pub fn unknown_showing(
        &mut self,
        at: Timestamp,
        reason: UnknownReason,
        mut show: impl FnMut(&Place, &Observation),
    ) -> Vec<Event> {
        self.pass(at, |post, due| {
            post.evidence.forget();
            let said: Vec<_> = due.iter().map(|&signal| Observation::unknown(signal, reason)).collect();
            said.iter().for_each(|observation| show(&post.place, observation));
            said
        })
    }

    /// Looks at the windows with other references from now on; nothing that is open ends.
    pub fn refer_to(&mut self, learnt: impl Fn(&WindowId) -> Option<Learnt>) {
        for post in &mut self.posts {
            if let (Place::Window(id), Target::Window(view)) = (&post.place, &mut post.target)
                && let Some(learnt) = learnt(id)
            {
                (view.reference, view.taught) = (learnt.reference, learnt.taught);
            }
        }
    }

    /// Time passes without a frame that is worth a look.
    pub fn advance(&mut self, at: Timestamp) -> Vec<Event> {
        self.posts.iter_mut().flat_map(|post| post.rules.advance(at)).collect()
    }

    /// Closes every open episode, as when the agent shuts down, its policy changes or a clip begins again. What comes
    /// after begins anew.
    pub fn close_all(&mut self, at: Timestamp, reason: CloseReason) -> Vec<Event> {
        let close = |post: &mut Post| {
            post.next.clear();
            post.evidence.forget();
            post.rules.close_all(at, reason)
        };
        self.posts.iter_mut().flat_map(close).collect()
    }

    /// Hands out the coverage of the hours that ended by then, by window; smoking zones have none.
    pub fn take_coverage(&mut self, until: Timestamp) -> BTreeMap<WindowId, Hours> {
        let mut coverage = BTreeMap::new();
        for post in &mut self.posts {
            let hours = post.rules.take_coverage(until);
            if let Place::Window(id) = &post.place
                && !hours.is_empty()
            {
                coverage.insert(id.clone(), hours);
            }
        }
        coverage
    }

    /// Every open episode.
    pub fn open_rules(&self) -> impl Iterator<Item = (&Place, Rule)> + '_ {
        self.posts.iter().flat_map(|post| post.rules.open_rules().map(|rule| (&post.place, rule)))
    }

    /// The windows of this camera.
    pub fn windows(&self) -> impl Iterator<Item = &WindowId> + '_ {
        self.posts.iter().filter_map(|post| match &post.place {
            Place::Window(id) => Some(id),
            Place::Zone(_) => None,
        })
    }

    /// Asks each place that has something due for observations and gives them to its rules. Off duty nobody looks.
    fn pass(
        &mut self,
        at: Timestamp,
        mut observe: impl FnMut(&mut Post, &[Signal]) -> Vec<Observation>,
    ) -> Vec<Event> {
        let duty = on_duty(self.policy.schedule.as_ref(), at);
        let mut events = Vec::new();
        for post in &mut self.posts {
            let due = if duty { post.due(at) } else { Vec::new() };
            if due.is_empty() {
                events.extend(post.rules.advance(at));
                continue;
            }
            post.plan(at, &due);
            for observation in observe(post, &due) {
                events.extend(post.rules.observe(at, &observation));
            }
        }
        events
    }
}

impl Post {
    fn new(site: &Site, place: Place, target: Target, duty: Duty) -> Self {
        let context = Context {
            hall: site.hall.clone(),
            agent: site.agent.clone(),
            place: place.clone(),
            calibration: site.calibration.clone(),
            models: site.models.clone(),
            seed: site.seed,
        };
        let rules = Window::new(context, duty, Arc::clone(&site.policy));
        let (next, evidence) = (BTreeMap::new(), Evidence::default());
        Self { place, target, rules, next, evidence, idle_period: None }
    }

    fn period(&self, signal: Signal) -> Option<f64> {
        let idle = self
            .idle_period
            .filter(|_| matches!(self.target, Target::Window(_)) || signal == Signal::Smoking);
        self.rules.period(signal).or(idle)
    }

    /// The signals whose time has come. Who looks at somebody must know that somebody is there: presence comes along.
    fn due(&self, at: Timestamp) -> Vec<Signal> {
        let ready = |signal: Signal| {
            self.period(signal).is_some() && self.next.get(&signal).is_none_or(|next| at >= *next)
        };
        let mut due: Vec<Signal> = Signal::ALL.into_iter().filter(|s| ready(*s)).collect();
        let of_somebody = due.iter().any(|s| matches!(s, Signal::Posture | Signal::Badge | Signal::Smoking));
        if of_somebody && !due.contains(&Signal::Presence) && matches!(self.target, Target::Window(_)) {
            due.insert(0, Signal::Presence);
        }
        due
    }

    /// Whether this picture has too few pixels of what a signal looks at. Nobody knows how large people in a smoking zone
    /// are; and a desk is held against what was learnt of it at the same size.
    fn wants_detail(&self, image: &RgbImage, signal: Signal) -> bool {
        match (&self.target, signal) {
            (Target::Zone(_), _) => true,
            (Target::Window(view), Signal::Desk) if view.reference.is_some() => false,
            (Target::Window(view), Signal::Badge | Signal::Smoking | Signal::Desk) => {
                is_too_small(&view.seat, image.width(), image.height())
            }
            _ => false,
        }
    }

    fn is_late(&self, at: Timestamp) -> bool {
        let late = |signal: Signal, next: Timestamp| {
            self.period(signal).is_some_and(|period| at > next + SignedDuration::from_secs_f64(period))
        };
        self.next.iter().any(|(&signal, &next)| late(signal, next))
    }

    /// Plans the next looks on a steady grid, from now on where a look is missing.
    fn plan(&mut self, at: Timestamp, due: &[Signal]) {
        for &signal in due {
            let Some(period) = self.period(signal) else { continue };
            let period = SignedDuration::from_secs_f64(period);
            let planned = self.next.get(&signal).filter(|next| **next <= at).map_or(at, |next| *next);
            self.next.insert(signal, (planned + period).max(at + period / 2));
        }
    }

    fn look(
        &mut self,
        looks: &mut dyn Looks,
        at: Timestamp,
        Pictures { image, detail }: Pictures<'_>,
        due: &[Signal],
    ) -> Vec<Observation> {
        let in_detail = |signal: &Signal| detail.is_some() && self.wants_detail(image, *signal);
        let (large, small): (Vec<Signal>, Vec<Signal>) = due.iter().partition(|signal| in_detail(signal));
        let mut said = self.look_at(looks, image, &small);
        said.extend(detail.into_iter().flat_map(|detail| self.look_at(looks, detail, &large)));
        said.into_iter().map(|observation| self.evidence.weigh(at, observation)).collect()
    }

    fn look_at(&self, looks: &mut dyn Looks, image: &RgbImage, due: &[Signal]) -> Vec<Observation> {
        if due.is_empty() {
            return Vec::new();
        }
        let said = match &self.target {
            Target::Window(view) => looks.look(image, view, due),
            Target::Zone(view) => looks.look_for_smoking(image, view).map(|said| vec![said]),
        };
        said.unwrap_or_else(|error| {
            tracing::error!(%error, place = ?self.place, "a model could not be run");
            due.iter().map(|&signal| Observation::unknown(signal, UnknownReason::Unsure)).collect()
        })
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
