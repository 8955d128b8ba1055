//! The board: which windows there are, what is open there, and whether they can be observed at all.

use crate::config::Hall;
use crate::duty::Cause;
use crate::store::{AgentRow, Episode, FloorPlace, Place, PlaceKind, Problem};
use crate::view::{
    EventView, HallAgentView, HallView, Localised, PlaceView, ProblemView, WindowState, WindowView, ZoneView,
};
use chuangming_domain::event::Event;
use chuangming_domain::id::{HallId, WindowId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is known of the halls, from which each hall's view is put together.
#[derive(Debug, Default)]
pub struct Board {
    /// Halls and windows that the configuration names.
    pub halls: Vec<Hall>,
    /// Windows and zones that agents spoke of.
    pub places: Vec<Place>,
    /// The agents.
    pub agents: Vec<AgentRow>,
    /// The problems that have not ended.
    pub problems: Vec<Problem>,
    /// Where windows are on the floor.
    pub floor: Vec<FloorPlace>,
    /// Windows without service now, and why.
    pub resting: BTreeMap<(HallId, WindowId), Cause>,
    /// The open episodes; `None` for roles that see no conduct.
    pub episodes: Option<Vec<Episode>>,
}

impl Board {
    /// The halls that pass `visible`, in the order of their ids.
    #[must_use]
    pub fn view(&self, visible: impl Fn(&str) -> bool) -> Vec<HallView> {
        let configured = self.halls.iter().map(|hall| hall.id.as_str());
        let spoken_of = self.places.iter().map(|place| place.hall.as_str());
        let with_agents = self.agents.iter().map(|agent| agent.hall.as_str());
        let ids: BTreeSet<&str> =
            configured.chain(spoken_of).chain(with_agents).filter(|id| visible(id)).collect();
        ids.into_iter().map(|id| self.hall(id)).collect()
    }

    fn hall(&self, id: &str) -> HallView {
        let configured = self.halls.iter().find(|hall| hall.id.as_str() == id);
        // Windows in the order of the configuration, then those that only an agent knows.
        let mut windows: Vec<(String, Option<String>)> = Vec::new();
        for window in configured.iter().flat_map(|hall| &hall.windows) {
            windows.push((window.id.to_string(), Some(window.name.clone())));
        }
        let known: BTreeSet<String> = windows.iter().map(|(id, _)| id.clone()).collect();
        let new = self.places(id, PlaceKind::Window).filter(|place| !known.contains(&place.place));
        let mut new: Vec<_> = new.map(|place| (place.place.clone(), None)).collect();
        new.sort_by_key(|(id, _)| (id.len(), id.clone()));
        windows.extend(new);

        HallView {
            id: id.to_owned(),
            name: configured.map_or(id, |hall| hall.name.as_str()).to_owned(),
            windows: windows.into_iter().map(|(window, name)| self.window(id, window, name)).collect(),
            zones: self.places(id, PlaceKind::Zone).map(|place| self.zone(id, place)).collect(),
            agents: self.agents.iter().filter(|a| a.hall.as_str() == id).map(|a| self.agent(a)).collect(),
        }
    }

    fn places<'a>(&'a self, hall: &'a str, kind: PlaceKind) -> impl Iterator<Item = &'a Place> {
        self.places.iter().filter(move |place| place.hall.as_str() == hall && place.kind == kind)
    }

    fn window(&self, hall: &str, id: String, name: Option<String>) -> WindowView {
        let agent = self.places(hall, PlaceKind::Window).find(|p| p.place == id).map(|p| p.agent.to_string());
        let online = |agent: &str| {
            self.agents.iter().any(|a| a.hall.as_str() == hall && a.agent.as_str() == agent && a.online)
        };
        let concerns =
            |p: &&Problem| p.hall.as_str() == hall && p.health.windows.iter().any(|w| w.as_str() == id);
        let problems: Vec<ProblemView> = self.problems.iter().filter(concerns).map(Into::into).collect();
        let unknown_because = match (&agent, problems.first()) {
            (None, _) => Some(Localised::key("health.agent_never_seen")),
            (Some(agent), _) if !online(agent) => Some(Localised::key("health.agent_offline")),
            (_, Some(problem)) => Some(problem.title.clone()),
            (Some(_), None) => None,
        };
        WindowView {
            name: name.unwrap_or_else(|| id.clone()),
            state: if unknown_because.is_some() { WindowState::Unknown } else { WindowState::Observed },
            unknown_because,
            events: self
                .events(|e| e.hall.as_str() == hall && e.window.as_ref().is_some_and(|w| w.as_str() == id)),
            resting: self.resting(hall, &id).map(|cause| cause.name().to_owned()),
            place: self.place(hall, &id),
            agent,
            problems,
            id,
        }
    }

    fn resting(&self, hall: &str, id: &str) -> Option<Cause> {
        self.resting
            .iter()
            .find(|((h, w), _)| h.as_str() == hall && w.as_str() == id)
            .map(|(_, cause)| *cause)
    }

    fn place(&self, hall: &str, id: &str) -> Option<PlaceView> {
        let place = self.floor.iter().find(|p| p.hall.as_str() == hall && p.window.as_str() == id)?;
        Some(PlaceView { x: place.x, y: place.y })
    }

    fn zone(&self, hall: &str, place: &Place) -> ZoneView {
        let here =
            |e: &Event| e.hall.as_str() == hall && e.zone.as_ref().is_some_and(|z| z.as_str() == place.place);
        ZoneView { id: place.place.clone(), agent: place.agent.to_string(), events: self.events(here) }
    }

    fn agent(&self, row: &AgentRow) -> HallAgentView {
        let its = |p: &&Problem| p.hall == row.hall && p.agent == row.agent;
        HallAgentView {
            agent: row.into(),
            problems: self.problems.iter().filter(its).map(Into::into).collect(),
        }
    }

    fn events(&self, here: impl Fn(&Event) -> bool) -> Option<Vec<EventView>> {
        let episodes = self.episodes.as_ref()?;
        Some(episodes.iter().filter(|episode| here(&episode.event)).map(Into::into).collect())
    }
}
