//! Drafts as installers make them: what is wrong with them, what they are worth in pixels, how two differ, and that
//! what passes the check is read back.

use chuangming_calibration::{
    CameraSize, Change, Draft, DraftLens, DraftMask, DraftWindow, DraftZone, check, difference,
};
use chuangming_domain::calibration::Calibration;
use proptest::prelude::*;

fn cameras(width: u32, height: u32) -> Vec<CameraSize> {
    ["cam-1", "cam-2"].map(|id| CameraSize { id: id.to_owned(), width, height }).to_vec()
}

fn rectangle([x, y, w, h]: [f64; 4]) -> Vec<[f64; 2]> {
    vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
}

fn window(id: &str, seat: [f64; 4]) -> DraftWindow {
    let [x, y, w, h] = seat;
    DraftWindow {
        id: id.to_owned(),
        camera: "cam-1".to_owned(),
        seat: rectangle(seat),
        desk: Some(rectangle([x, y + h, w, 0.2])),
        post: 1,
        required: vec![],
        permitted: vec![],
    }
}

/// Two windows that fill a picture well.
fn good() -> Draft {
    Draft {
        windows: vec![window("1", [0.05, 0.2, 0.4, 0.5]), window("2", [0.55, 0.2, 0.4, 0.5])],
        ..Draft::default()
    }
}

fn mask(polygon: [f64; 4]) -> DraftMask {
    DraftMask { camera: "cam-1".to_owned(), polygon: rectangle(polygon) }
}

fn lens(k1: f64, roll_deg: f64) -> DraftLens {
    DraftLens { camera: "cam-1".to_owned(), k1, k2: 0.0, centre: [0.5, 0.5], roll_deg }
}

/// Each finding as `kind id part#corner code name=value …`.
fn told(draft: &Draft, cameras: &[CameraSize]) -> (Vec<String>, Vec<String>) {
    let found = check(draft, cameras);
    let line = |f: &chuangming_calibration::Finding| {
        let corner = f.place.corner.map_or(String::new(), |corner| format!("#{corner}"));
        let part = f.place.part.map_or(String::new(), |part| format!(" {part:?}{corner}"));
        let values: Vec<_> = f.values.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{:?} {}{part} {}{}", f.place.kind, f.place.id, f.code.name(), values.concat())
    };
    (found.problems.iter().map(line).collect(), found.warnings.iter().map(line).collect())
}

#[test]
fn problems_refuse_a_draft() {
    let check = |name: &str, change: fn(&mut Draft), expected: &[&str]| {
        let mut draft = good();
        change(&mut draft);
        assert_eq!(told(&draft, &cameras(1920, 1080)).0, expected, "{name}");
        let read = Calibration::parse(&draft.to_toml(), "c");
        let read =
            read.and_then(|c| c.check_cameras(&["cam-1".parse().unwrap(), "cam-2".parse().unwrap()], "c"));
        assert_eq!(read.is_ok(), expected.is_empty(), "{name}: {read:?}");
    };
    check("good", |_| {}, &[]);
    check("empty", |d| *d = Draft::default(), &[]);
    check("outside", |d| d.windows[0].seat[1] = [1.2, 0.2], &["Window 1 Seat#1 outside x=1.2 y=0.2"]);
    check("crossed", |d| d.windows[0].seat.swap(1, 2), &["Window 1 Seat self_intersecting first=1 second=3"]);
    check(
        "a line",
        |d| d.windows[0].desk = Some(vec![[0.1, 0.1], [0.2, 0.2]]),
        &["Window 1 Desk too_few_corners corners=2"],
    );
    check(
        "flat",
        |d| d.windows[0].desk = Some(vec![[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]),
        &["Window 1 Desk no_area"],
    );
    check(
        "many corners",
        |d| {
            d.windows[0].seat = (0..70)
                .map(|i| f64::from(i) / 11.0)
                .map(|a| [0.5 + 0.3 * a.cos(), 0.5 + 0.3 * a.sin()])
                .collect()
        },
        &["Window 1 Seat too_many_corners corners=70"],
    );
    check("same id", |d| d.windows[1].id = "1".into(), &["Window 1 Id duplicate_id id=1"]);
    check("no id", |d| d.windows[1].id = String::new(), &["Window  Id bad_id id="]);
    check(
        "other camera",
        |d| d.windows[1].camera = "cam-9".into(),
        &["Window 2 Camera unknown_camera camera=cam-9 known=cam-1, cam-2"],
    );
    check("nobody's post", |d| d.windows[0].post = 0, &["Window 1 Post bad_post post=0"]);
    check(
        "items",
        |d| {
            d.windows[0].required = vec!["evaluator".into(), "custom:box".into()];
            d.windows[0].permitted =
                vec!["cup".into(), "custom:box".into(), "custom:Box".into(), "unrecognised".into()];
        },
        &[
            "Window 1 Required unknown_item item=custom:box",
            "Window 1 Permitted unknown_item item=custom:Box",
            "Window 1 Permitted unknown_item item=unrecognised",
        ],
    );
    check(
        "zone",
        |d| {
            d.smoking_zones.push(DraftZone {
                id: "ü".into(),
                camera: "cam-1".into(),
                polygon: rectangle([0.9, 0.1, 0.3, 0.1]),
            })
        },
        &[
            "Zone ü Id bad_id id=ü",
            "Zone ü Polygon#1 outside x=1.2 y=0.1",
            "Zone ü Polygon#2 outside x=1.2 y=0.2",
        ],
    );
    check(
        "mask",
        |d| d.privacy_masks = vec![mask([0.0, 0.0, 1.0, 0.1]), mask([0.0, 0.0, 0.1, 0.0])],
        &["Mask 2 Polygon too_few_corners corners=2"],
    );
    check(
        "lens",
        |d| d.lenses = vec![lens(0.2, 1.0), lens(-0.9, 60.0)],
        &[
            "Lens cam-1 Camera duplicate_id id=cam-1",
            "Lens cam-1 Distortion bad_lens",
            "Lens cam-1 Roll bad_lens",
        ],
    );
}

#[test]
fn warnings_tell_the_zoom_that_would_do() {
    let check = |name: &str, size: (u32, u32), change: fn(&mut Draft), expected: &[&str]| {
        let mut draft = good();
        change(&mut draft);
        assert_eq!(
            told(&draft, &cameras(size.0, size.1)),
            (vec![], expected.iter().map(|&s| s.to_owned()).collect()),
            "{name}"
        );
    };
    check("large enough", (1920, 1080), |_| {}, &[]);
    check("size not known", (0, 0), |_| {}, &[]);
    check("nothing drawn", (1920, 1080), |d| d.windows.clear(), &["Window  no_windows"]);
    check(
        "a small picture",
        (640, 360),
        |d| d.windows.truncate(1),
        &[
            "Window 1 Seat too_small_for_badge need_px=80 px=70 zoom=1.2",
            "Window 1 Seat too_small_for_posture need_px=80 px=70 zoom=1.2",
            "Window 1 Desk too_small_for_items need_px=16 px=15 zoom=1.1",
        ],
    );
    check(
        "a tiny one without a desk",
        (320, 180),
        |d| {
            d.windows.truncate(1);
            d.windows[0].desk = None;
        },
        &[
            "Window 1 Desk desk_missing",
            "Window 1 Seat too_small_for_badge need_px=80 px=35 zoom=2.3",
            "Window 1 Seat too_small_for_posture need_px=80 px=35 zoom=2.3",
            "Window 1 Seat too_small_for_cigarette need_px=12 px=8 zoom=1.5",
        ],
    );
    check(
        "overlapping seats",
        (1920, 1080),
        |d| d.windows[1].seat = rectangle([0.35, 0.2, 0.4, 0.5]),
        &["Window 1 Seat overlaps share=25 with=2"],
    );
    check(
        "on another camera",
        (1920, 1080),
        |d| {
            d.windows[1] = DraftWindow { camera: "cam-2".into(), ..window("2", [0.05, 0.2, 0.4, 0.5]) };
        },
        &[],
    );
    check(
        "behind the desk",
        (1920, 1080),
        |d| d.windows[0].desk = Some(rectangle([0.05, 0.45, 0.4, 0.4])),
        &["Window 1 Seat seat_hidden_by_desk share=50"],
    );
    check(
        "masked",
        (1920, 1080),
        |d| d.privacy_masks.push(mask([0.0, 0.0, 0.15, 1.0])),
        &["Window 1 Seat masked share=25", "Window 1 Desk masked share=25"],
    );
}

#[test]
fn differences_are_told_as_steps() {
    let check = |name: &str, change: fn(&mut Draft), expected: &[&str]| {
        let mut new = good();
        new.privacy_masks.push(mask([0.0, 0.0, 0.1, 0.1]));
        new.lenses.push(lens(0.1, 1.0));
        let old = new.clone();
        change(&mut new);
        let line = |c: &Change| {
            let part = c.place.part.map_or(String::new(), |part| format!(" {part:?}"));
            let values: Vec<_> = c.values.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{} {:?} {}{part}{}", c.kind.name(), c.place.kind, c.place.id, values.concat())
        };
        assert_eq!(difference(&old, &new).iter().map(line).collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(difference(&new, &old).is_empty(), expected.is_empty(), "{name}");
    };
    check("nothing", |_| {}, &[]);
    check("rounding", |d| d.windows[0].seat[0][0] += 0.00002, &[]);
    check(
        "rounding beyond the edge",
        |d| d.privacy_masks.last_mut().unwrap().polygon[0] = [-4e-4, -4e-4],
        &[],
    );
    check("added", |d| d.windows.push(window("3", [0.1, 0.1, 0.1, 0.1])), &["added Window 3"]);
    check("removed", |d| drop(d.windows.remove(0)), &["removed Window 1"]);
    check(
        "moved",
        |d| d.windows[0].seat = rectangle([0.073, 0.19, 0.4, 0.5]),
        &["moved Window 1 Seat dx=2.3 dy=-1"],
    );
    check(
        "resized",
        |d| d.windows[0].desk = Some(rectangle([0.05, 0.7, 0.4, 0.1])),
        &["resized Window 1 Desk area=50 dx=0 dy=-5"],
    );
    check(
        "a point more",
        |d| d.windows[0].seat.insert(1, [0.25, 0.2]),
        &["reshaped Window 1 Seat corners=5 dx=0 dy=0"],
    );
    check("without a desk", |d| d.windows[0].desk = None, &["removed Window 1 Desk"]);
    check("renamed", |d| d.windows[0].id = "A".into(), &["setting Window A Id from=1 to=A"]);
    check(
        "settings",
        |d| {
            d.windows[0].post = 2;
            d.windows[0].permitted = vec!["cup".into(), "book".into()];
            d.lenses[0].roll_deg = 2.0;
        },
        &[
            "setting Window 1 Post from=1 to=2",
            "setting Window 1 Permitted from= to=book cup",
            "setting Lens cam-1 Roll from=1 to=2",
        ],
    );
    check(
        "masks",
        |d| d.privacy_masks = vec![mask([0.5, 0.0, 0.1, 0.1]), mask([0.0, 0.0, 0.1, 0.1])],
        &["added Mask 1"],
    );
    check(
        "a mask moved",
        |d| d.privacy_masks = vec![mask([0.05, 0.0, 0.1, 0.1])],
        &["moved Mask 1 Polygon dx=5 dy=0"],
    );
}

/// Corners as a careless finger draws them: now and then outside, doubled or crossed.
fn outline() -> impl Strategy<Value = Vec<[f64; 2]>> {
    let corner = prop::array::uniform2(-0.02f64..1.02);
    let round = (0.1f64..0.9, 0.1f64..0.9, 0.001f64..0.1, 3usize..9).prop_map(|(x, y, r, n)| {
        let angle = |i: usize| {
            std::f64::consts::TAU * f64::from(u32::try_from(i).unwrap())
                / f64::from(u32::try_from(n).unwrap())
        };
        (0..n).map(|i| [x + r * angle(i).cos(), y + r * angle(i).sin()]).collect()
    });
    prop_oneof![3 => round, 1 => prop::collection::vec(corner, 0..6)]
}

fn any_window() -> impl Strategy<Value = DraftWindow> {
    let items = prop::collection::vec(
        prop_oneof![Just("cup"), Just("custom:box-1"), Just("evaluator"), Just("shoe")],
        0..3,
    );
    let camera = prop_oneof![4 => Just("cam-1"), 4 => Just("cam-2"), 1 => Just("\"\n")];
    (("[a-z0-9]{1,3}", camera), outline(), prop::option::of(outline()), 0u32..22, items).prop_map(
        |((id, camera), seat, desk, post, items)| DraftWindow {
            id,
            camera: camera.to_owned(),
            seat,
            desk,
            post,
            required: items.iter().filter(|i| !i.starts_with("custom")).map(|&i| i.to_owned()).collect(),
            permitted: items.iter().map(|&i| i.to_owned()).collect(),
        },
    )
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let lens = (-0.6f64..0.6, -0.3f64..0.3, -50f64..50.0, prop::array::uniform2(0.0f64..1.0));
    let lens = lens.prop_map(|(k1, k2, roll_deg, centre)| DraftLens {
        camera: "cam-1".to_owned(),
        k1,
        k2,
        centre,
        roll_deg,
    });
    let masks = prop::collection::vec(outline(), 0..3);
    (prop::collection::vec(any_window(), 0..3), masks, prop::option::of(lens)).prop_map(
        |(windows, masks, lens)| Draft {
            smoking_zones: vec![],
            privacy_masks: masks
                .into_iter()
                .map(|polygon| DraftMask { camera: "cam-2".to_owned(), polygon })
                .collect(),
            windows,
            lenses: lens.into_iter().collect(),
        },
    )
}

proptest! {
    #[test]
    fn a_draft_is_read_back_exactly_if_it_has_no_problems(draft in any_draft()) {
        let text = draft.to_toml();
        let read = Draft::parse(&text, "calibration.toml");
        let found = check(&draft, &cameras(1280, 720));
        let known = |d: &Draft| d.windows.iter().all(|w| w.camera != "\"\n");
        if found.problems.is_empty() {
            let read = read.unwrap();
            prop_assert_eq!(read.windows.len(), draft.windows.len());
            prop_assert_eq!(difference(&draft, &read).iter().filter(|c| c.kind != chuangming_calibration::ChangeKind::Reshaped).count(), 0);
            // What was read is written the same for ever, and still has no problems.
            prop_assert_eq!(Draft::parse(&read.to_toml(), "c").unwrap(), read.clone());
            prop_assert!(check(&read, &cameras(1280, 720)).problems.is_empty());
        } else {
            prop_assert!(read.is_err() || !known(&draft), "{text}\n{:?}", found.problems);
        }
    }
}
