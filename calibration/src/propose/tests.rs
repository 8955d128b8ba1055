use super::view::View;
use super::*;
use crate::check::{CameraSize, check};
use nalgebra::Vector3;
use proptest::prelude::*;

const SIZE: (u32, u32) = (1280, 720);
const ASPECT: f64 = 1280.0 / 720.0;
/// A body that is not quite the one that is fitted, in metres from the seat's middle on the floor, facing the public.
const BODY: [[f64; 3]; 17] = [
    [0.0, -0.12, 1.16],
    [0.032, -0.10, 1.20],
    [-0.032, -0.10, 1.20],
    [0.07, -0.02, 1.18],
    [-0.07, -0.02, 1.18],
    [0.17, 0.04, 0.97],
    [-0.17, 0.04, 0.97],
    [0.22, -0.06, 0.75],
    [-0.20, 0.0, 0.77],
    [0.12, -0.32, 0.78],
    [-0.12, -0.30, 0.78],
    [0.1, 0.08, 0.52],
    [-0.1, 0.08, 0.52],
    [0.12, -0.3, 0.5],
    [-0.12, -0.3, 0.5],
    [0.12, -0.3, 0.1],
    [-0.12, -0.3, 0.1],
];

/// A minute of a counter, made up: who is where how often.
struct Scene {
    view: View,
    seed: u32,
}

impl Scene {
    /// Between -1 and 1.
    fn random(&mut self) -> f64 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.seed >> 8) / f64::from(1u32 << 23) - 1.0
    }

    /// Somebody at a place of the room, taller or standing by `up`, facing the public or the other way.
    fn person(&mut self, x: f64, y: f64, up: f64, facing: f64) -> Sighting {
        let (sway, lean) = (0.05 * self.random(), 0.05 * self.random());
        let joints = BODY.map(|[jx, jy, jz]| {
            let off = [0.02 * self.random(), 0.02 * self.random(), 0.02 * self.random()];
            let point = Vector3::new(
                x + facing * jx + sway + off[0],
                y + facing * jy + lean + off[1],
                jz + up + off[2],
            );
            Joint { at: self.view.project(point), score: 0.7 }
        });
        let bound =
            |axis: usize, pick: fn(f64, f64) -> f64| joints.iter().map(|j| j.at[axis]).reduce(pick).unwrap();
        let (left, right) = (bound(0, f64::min), bound(0, f64::max));
        let (top, bottom) = (bound(1, f64::min), bound(1, f64::max));
        Sighting { region: Rect { x: left, y: top, width: right - left, height: bottom - top }, joints }
    }

    fn truth(&self, x: f64, pitch: f64) -> Rect {
        let half = pitch * 0.48;
        let mut points = Vec::new();
        for side in [-1.0, 1.0] {
            for (y, z) in [(-0.15, 0.72), (-0.15, 1.6), (0.75, 0.72), (0.75, 1.6)] {
                points.push(Vector3::new(x + side * 0.48, y, z));
            }
            for (y, z) in [(-0.2, 0.74), (-0.76, 0.74), (-0.98, 0.86)] {
                points.push(Vector3::new(x + side * half, y, z));
            }
        }
        bounds(points.into_iter().map(|p| self.view.project(p).map(|v| v.clamp(0.0, 1.0))))
    }

    fn thing(&mut self, class: ItemClass, x: f64, y: f64) -> Thing {
        let [x, y] = self.view.project(Vector3::new(x, y, 0.76));
        Thing { class, region: Rect { x: x - 0.02, y: y - 0.05, width: 0.04, height: 0.05 } }
    }
}

fn bounds(points: impl Iterator<Item = Corner>) -> Rect {
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    for p in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    Rect { x: low[0], y: low[1], width: high[0] - low[0], height: high[1] - low[1] }
}

/// The mean overlap of true windows with proposals, one to one, and how many proposals are left over.
fn overlap(truth: &[Rect], proposals: &[Proposal]) -> (f64, usize) {
    let mut left: Vec<Rect> =
        proposals.iter().map(|p| bounds(p.seat.iter().chain(&p.desk).copied())).collect();
    let mut sum = 0.0;
    for window in truth {
        let best = (0..left.len()).max_by(|&a, &b| window.iou(left[a]).total_cmp(&window.iou(left[b])));
        sum += best.map_or(0.0, |best| window.iou(left.remove(best)));
    }
    (sum / truth.len() as f64, left.len())
}

fn scene(camera: [f64; 7], seed: u32) -> Scene {
    Scene { view: View::new(&camera, ASPECT), seed }
}

/// In front of three windows, looking down, as wide as usual.
const FRONT: [f64; 7] = [0.3, -3.6, 2.5, 0.05, 0.4, 0.01, -0.1];
const PITCH: f64 = 1.6;
const SEATS: [f64; 3] = [-PITCH, 0.0, PITCH];

#[test]
fn windows_are_where_staff_stay() {
    let check =
        |name: &str, seats: &[f64], others: &dyn Fn(&mut Scene, usize) -> Vec<Sighting>, expected: &[f64]| {
            let mut scene = scene(FRONT, 7);
            let mut watch = Watch::new(SIZE);
            for look in 0..30 {
                let mut people: Vec<_> = seats.iter().map(|&x| scene.person(x, 0.0, 0.0, 1.0)).collect();
                people.extend(others(&mut scene, look));
                watch.add_people(people);
            }
            let truth: Vec<Rect> = expected.iter().map(|&x| scene.truth(x, PITCH)).collect();
            let proposals = watch.proposals();
            let (iou, more) = overlap(&truth, &proposals);
            assert!(iou >= 0.75 && more == 0, "{name}: {iou:.2}, {more} too many: {proposals:?}");
            let concluded = proposals.iter().any(|p| p.seen == 0.0);
            assert_eq!(concluded, name.contains("empty"), "{name}: {proposals:?}");
        };
    check("all staffed", &SEATS, &|_, _| vec![], &SEATS);
    check("one alone", &[0.0], &|_, _| vec![], &[0.0]);
    check("an empty one between", &[-PITCH, PITCH], &|_, _| vec![], &SEATS);
    check(
        "citizens at the counter",
        &SEATS,
        &|scene, look| {
            if look % 3 == 0 {
                vec![]
            } else {
                vec![scene.person(-1.4, -1.4, 0.42, -1.0), scene.person(1.8, -1.5, 0.4, -1.0)]
            }
        },
        &SEATS,
    );
    check(
        "somebody who walks by behind",
        &SEATS,
        &|scene, look| if look % 6 == 0 { vec![scene.person(0.8, 1.4, 0.45, 1.0)] } else { vec![] },
        &SEATS,
    );
    check(
        "somebody who nods off now and then and is not seen",
        &SEATS[..2],
        &|scene, look| if look % 2 == 0 { vec![scene.person(PITCH, 0.0, 0.0, 1.0)] } else { vec![] },
        &SEATS,
    );
}

#[test]
fn an_empty_desk_beyond_the_last_seat_is_told_by_its_things() {
    let mut scene = scene(FRONT, 3);
    let mut watch = Watch::new(SIZE);
    for _ in 0..20 {
        let people = vec![scene.person(-PITCH, 0.0, 0.0, 1.0), scene.person(0.0, 0.0, 0.0, 1.0)];
        watch.add_people(people);
        let mut things = vec![];
        for x in SEATS {
            things.push(scene.thing(ItemClass::Keyboard, x, -0.4));
            things.push(scene.thing(ItemClass::Monitor, x + 0.4, -0.5));
        }
        // A book or a bag on the floor is no desk.
        things.push(scene.thing(ItemClass::Bag, -2.0 * PITCH, -0.5));
        watch.add_things(things);
    }
    let proposals = watch.proposals();
    let truth: Vec<Rect> = SEATS.iter().map(|&x| scene.truth(x, PITCH)).collect();
    let (iou, more) = overlap(&truth, &proposals);
    assert!(iou >= 0.75 && more == 0, "{iou:.2}, {more} too many: {proposals:?}");
    assert_eq!(proposals.iter().filter(|p| p.seen == 0.0).count(), 1);
}

#[test]
fn where_nobody_stays_one_window_waits_in_the_middle() {
    let watch = Watch::new(SIZE);
    assert_eq!(watch.proposals().len(), 1);
    assert_eq!(watch.proposals()[0].seen, 0.0);
    let mut scene = scene(FRONT, 1);
    let mut watch = Watch::new(SIZE);
    for look in 0..20 {
        let people = if look == 3 { vec![scene.person(0.0, 0.0, 0.0, 1.0)] } else { vec![] };
        watch.add_people(people);
    }
    assert_eq!(watch.proposals()[0].seen, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_usual_camera_will_do(
        side in -0.9f64..0.9, distance in 2.0f64..4.5, height in 1.9f64..2.9, log_focal in -0.4f64..0.1, roll in -0.03f64..0.03,
        pitch in 1.4f64..1.75, seed in 0u32..1000,
    ) {
        // The camera looks at the middle of the counter.
        let position = [distance * f64::sin(side), -distance * f64::cos(side), height];
        let heading = f64::atan2(-position[0], -position[1]);
        let down = f64::atan2(height - 1.0, distance);
        let mut scene = scene([position[0], position[1], position[2], heading, down, roll, log_focal], seed);
        let mut watch = Watch::new(SIZE);
        let seats = [-pitch / 2.0, pitch / 2.0];
        for _ in 0..20 {
            watch.add_people(seats.iter().map(|&x| scene.person(x, 0.0, 0.0, 1.0)).collect());
        }
        let truth: Vec<Rect> = seats.iter().map(|&x| scene.truth(x, pitch)).collect();
        let proposals = watch.proposals();
        let (iou, more) = overlap(&truth, &proposals);
        prop_assert!(iou >= 0.6 && more == 0, "{:.2}, {} too many", iou, more);
    }

    #[test]
    fn whatever_is_seen_the_proposals_are_a_calibration(
        people in prop::collection::vec((prop::array::uniform4(0.0f64..1.0), prop::collection::vec(prop::array::uniform3(0.0f64..1.0), 17)), 0..4),
        looks in 1usize..4,
    ) {
        let people: Vec<Sighting> = people.into_iter().map(|([x, y, w, h], joints)| {
            let region = Rect { x: x * 0.8, y: y * 0.7, width: 0.05 + w * 0.2, height: 0.05 + h * 0.25 };
            let joint = |i: usize| {
                let [jx, jy, score]: [f64; 3] = joints[i];
                Joint { at: [region.x + jx * region.width, region.y + jy * region.height], score }
            };
            Sighting { region, joints: std::array::from_fn(joint) }
        }).collect();
        let mut watch = Watch::new(SIZE);
        (0..looks).for_each(|_| watch.add_people(people.clone()));
        let draft = Draft::of_proposals(&watch.proposals(), "cam-1");
        let camera = CameraSize { id: "cam-1".into(), width: SIZE.0, height: SIZE.1 };
        let found = check(&draft, &[camera]);
        prop_assert!(found.problems.is_empty(), "{:?}", found.problems);
        prop_assert!(Draft::parse(&draft.to_toml(), "proposed").is_ok());
    }
}
