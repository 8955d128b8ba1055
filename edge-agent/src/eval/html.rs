//! The report as a page for people, in Chinese and English. It links to the user's files and embeds no picture.

use super::answers::Answers;
use super::labelled::{Entry, LabelledWindow, Truth};
use super::report::{Report, SourceReport};
use super::score::Quality;
use super::score::reliability::Reliability;
use super::score::signals::{Class, SignalReport, UNKNOWN, said};
use chuangming_domain::observation::{Presence, Reading, Signal};
use chuangming_domain::text::Lang;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// More differences are counted and not listed.
const MOST_ROWS: usize = 2000;

/// A frame in which one signal said something else than the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    media: PathBuf,
    id: String,
    window: String,
    t: f64,
    signal: Signal,
    truth: &'static str,
    said: &'static str,
    /// Of what was said; 0 of nothing.
    confidence: f64,
}

impl Row {
    /// The signals that differ from the truth.
    pub fn of(entry: &Entry, window: &LabelledWindow, truth: &Truth, t: f64, answers: &Answers) -> Vec<Self> {
        let presence =
            truth.present.map(|there| if there { Presence::Present { people: 1 } } else { Presence::Absent });
        let pairs = [
            (Signal::Presence, presence.as_ref().map(Class::class), answer(&answers.presence)),
            (Signal::Posture, truth.posture.as_ref().map(Class::class), answer(&answers.posture)),
            (Signal::Badge, truth.badge.as_ref().map(Class::class), answer(&answers.badge)),
            (Signal::Smoking, truth.smoking.as_ref().map(Class::class), answer(&answers.smoking)),
        ];
        let row = |signal, truth, (said, confidence)| Self {
            media: entry.media.clone(),
            id: entry.id.clone(),
            window: window.window.to_string(),
            t,
            signal,
            truth,
            said,
            confidence,
        };
        pairs
            .into_iter()
            .filter_map(|(s, truth, said)| truth.filter(|t| *t != said.0).map(|t| row(s, t, said)))
            .collect()
    }
}

/// What a reading says, and how sure it is.
fn answer<T: Class>(reading: &Reading<T>) -> (&'static str, f64) {
    let confidence = match reading {
        Reading::Known { confidence, .. } => f64::from(confidence.get()),
        Reading::Unknown(_) => 0.0,
    };
    (said(reading), confidence)
}

/// The page; `set` is the folder of the media and `file` where the page will be, for its links.
#[must_use]
pub fn page(report: &Report, rows: &[Row], set: &Path, file: &Path) -> String {
    let mut body = format!(
        "<h1>{}</h1><p>{}</p><p><code>{}</code></p>",
        both("eval.title"),
        both("eval.intro"),
        escape(&set.display().to_string())
    );
    for (source, part) in &report.sources {
        write_source(&mut body, source, part);
    }
    write_rows(&mut body, rows, file);
    format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n<input type=\"radio\" name=\"lang\" id=\"zh\" checked><label for=\"zh\">中文</label> <input type=\"radio\" name=\"lang\" id=\"en\"><label for=\"en\">English</label>\n<main>{body}</main></html>\n",
        escape(Lang::ZhCn.text("eval.title"))
    )
}

/// The language is chosen without a script.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}\
td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:right}td:first-child,th:first-child{text-align:left}\
svg rect,svg path{fill:none;stroke:#999}svg circle{fill:#1f6fb2}\
#zh:checked~main [lang=en],#en:checked~main [lang=zh-CN]{display:none}";

fn write_source(out: &mut String, source: &str, part: &SourceReport) {
    let _ = write!(out, "<h2>{}: {}</h2>", both("eval.source"), escape(source));
    for (signal, report) in &part.signals {
        write_signal(out, *signal, report);
        if let Some(reliability) = part.reliability.get(signal) {
            write_reliability(out, reliability);
        }
    }
    if let Some(items) = &part.items {
        let _ = write!(out, "<h3>{}</h3>", both("eval.items"));
        let clutter = items.clutter.map(|q| (both("eval.clutter"), q));
        let missing = items.required_missing.map(|q| (both("eval.required_missing"), q));
        write_qualities(out, clutter.into_iter().chain(missing));
        let classes =
            items.ap50.iter().map(|(class, ap)| vec![both(format!("item.{}", class.name())), number(*ap)]);
        table(out, &[both("eval.class"), both("eval.ap50")], classes);
    }
    if let Some(events) = &part.events {
        let _ = write!(out, "<h3>{}</h3>", both("eval.events"));
        write_qualities(out, events.quality.map(|q| (both("eval.overall"), q)).into_iter());
        let head = ["eval.rule", "eval.hits", "eval.false_alarms", "eval.missed"].map(both);
        let rows = events.rules.iter().map(|(rule, c)| {
            let counts = [c.tp, c.false_alarms, c.missed].map(|n| n.to_string());
            [vec![both(format!("rule.{rule}.title"))], counts.to_vec()].concat()
        });
        table(out, &head, rows);
        let _ = write!(out, "<p>{}: {}</p>", both("eval.fp_rate"), number(events.fp_per_window_hour));
        if let Some(latency) = events.latency_s {
            let _ = write!(
                out,
                "<p>{}: {} / {}</p>",
                both("eval.latency"),
                number(latency.p50),
                number(latency.p95)
            );
        }
    }
}

fn write_signal(out: &mut String, signal: Signal, report: &SignalReport) {
    let _ = write!(out, "<h3>{}</h3>", both(format!("signal.{}", signal.name())));
    let facts = [
        ("eval.frames", report.n.to_string()),
        ("eval.unknown_rate", number(report.unknown_rate)),
        ("eval.macro_f1", number(report.macro_f1)),
    ];
    table(
        out,
        &facts.each_ref().map(|(key, _)| both(key)),
        [facts.map(|(_, value)| value).to_vec()].into_iter(),
    );
    write_qualities(out, report.classes.iter().map(|(class, q)| (value(class), *q)));
    let _ = write!(out, "<p>{}</p>", both("eval.confusion"));
    let columns: Vec<&str> = report.confusion.keys().copied().chain([UNKNOWN]).collect();
    let head: Vec<String> = [String::new()].into_iter().chain(columns.iter().map(|c| value(c))).collect();
    let rows = report.confusion.iter().map(|(truth, row)| {
        let cells = columns.iter().map(|c| row.get(c).copied().unwrap_or(0).to_string());
        [value(truth)].into_iter().chain(cells).collect()
    });
    table(out, &head, rows);
}

/// Side of the plot, in pixels.
const PLOT: f64 = 160.0;

/// Share of right answers against confidence: on the diagonal confidences are true. Larger dots hold more answers.
fn write_reliability(out: &mut String, reliability: &Reliability) {
    let Some(error) = reliability.error() else { return };
    let _ = write!(
        out,
        "<p>{}: {}</p><svg viewBox=\"-10 -10 180 180\" width=\"180\" height=\"180\" role=\"img\"><rect width=\"{PLOT}\" height=\"{PLOT}\"/>\
         <path d=\"M0 {PLOT}L{PLOT} 0\"/>",
        both("eval.reliability"),
        number(error)
    );
    for p in reliability.points() {
        let (x, y, r) = (PLOT * p.confidence, PLOT * (1.0 - p.right), 2.0 + 6.0 * p.weight.sqrt());
        let _ = write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\"/>");
    }
    out.push_str("</svg>");
}

fn write_qualities(out: &mut String, rows: impl Iterator<Item = (String, Quality)>) {
    let mut rows =
        rows.map(|(name, q)| vec![name, number(q.precision), number(q.recall), number(q.f1)]).peekable();
    if rows.peek().is_some() {
        table(out, &["eval.class", "eval.precision", "eval.recall", "eval.f1"].map(both), rows);
    }
}

/// The worst first: what was said wrongly with the most confidence.
fn write_rows(out: &mut String, rows: &[Row], file: &Path) {
    let _ = write!(out, "<h2>{}</h2>", both("eval.differences"));
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    if rows.is_empty() {
        let _ = write!(out, "<p>{}</p>", both("eval.none"));
        return;
    }
    let head =
        ["eval.media", "eval.window", "eval.seconds", "eval.truth", "eval.said", "eval.confidence"].map(both);
    let cells = rows.iter().take(MOST_ROWS).map(|row| {
        let link = link_from(file, &row.media);
        let media = format!("<a href=\"{}\">{}</a>", escape(&link), escape(&row.id));
        let sure = if row.said == UNKNOWN { String::new() } else { number(row.confidence) };
        vec![media, escape(&row.window), number(row.t), value(row.truth), value(row.said), sure]
    });
    table(out, &head, cells);
    if rows.len() > MOST_ROWS {
        let count = (rows.len() - MOST_ROWS).to_string();
        let _ = write!(out, "<p>{}</p>", spans(|lang| lang.fill("eval.more", &[("count", &count)])));
    }
}

fn table(out: &mut String, head: &[String], rows: impl Iterator<Item = Vec<String>>) {
    let _ = write!(out, "<table><tr><th>{}</th></tr>", head.join("</th><th>"));
    for row in rows {
        let _ = write!(out, "<tr><td>{}</td></tr>", row.join("</td><td>"));
    }
    out.push_str("</table>");
}

/// A text of the catalogue in both languages; the page shows one.
fn both(key: impl AsRef<str>) -> String {
    spans(|lang| lang.text(key.as_ref()).to_owned())
}

fn spans(text: impl Fn(Lang) -> String) -> String {
    Lang::ALL.map(|lang| format!("<span lang=\"{}\">{}</span>", lang.tag(), escape(&text(lang)))).concat()
}

fn value(class: &str) -> String {
    both(format!("value.{class}"))
}

fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The way from the page's folder to a file, with `/`; both may be relative to the working directory.
fn link_from(page: &Path, media: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (page, media) = (absolute(page), absolute(media));
    let folder: Vec<Component<'_>> = page.parent().unwrap_or(Path::new("/")).components().collect();
    let parts: Vec<Component<'_>> = media.components().collect();
    let shared = folder.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), folder.len() - shared);
    let down = parts[shared..].iter().map(|part| encode(&part.as_os_str().to_string_lossy()));
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// Percent-encodes what has a meaning in links.
fn encode(part: &str) -> String {
    part.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::SourceScores;
    use std::collections::BTreeMap;

    #[test]
    fn links_lead_from_the_page_to_the_media() {
        for (page, media, expected) in [
            ("/a/b/page.html", "/a/set/img/1.jpg", "../set/img/1.jpg"),
            ("/a/page.html", "/a/img/x y#1.jpg", "img/x%20y%231.jpg"),
            ("/page.html", "/set/1.jpg", "set/1.jpg"),
        ] {
            assert_eq!(link_from(Path::new(page), Path::new(media)), expected);
        }
    }

    #[test]
    fn the_page_has_both_languages_and_no_picture() {
        let mut scores = BTreeMap::new();
        scores.insert("<b>real".to_owned(), SourceScores::default());
        let report = Report::new(&scores, &BTreeMap::new());
        let row = Row {
            media: PathBuf::from("/set/img/1.jpg"),
            id: "a&b".to_owned(),
            window: "1".to_owned(),
            t: 0.0,
            signal: Signal::Posture,
            truth: "slumped",
            said: "unknown",
            confidence: 0.0,
        };
        let worse = Row { id: "sure".to_owned(), said: "upright", confidence: 0.875, ..row.clone() };
        let page = page(&report, &[row, worse], Path::new("/set"), Path::new("/out/page.html"));
        for part in
            ["&lt;b&gt;real", "a&amp;b", "../set/img/1.jpg", "趴桌", "head on the desk", "lang=\"en\""]
        {
            assert!(page.contains(part), "{part:?} not in {page}");
        }
        assert!(
            page.find(">sure<") < page.find("a&amp;b") && page.contains("0.875"),
            "the worst first: {page}"
        );
        assert!(!page.contains("<img") && !page.contains("data:image") && !page.contains("eval."), "{page}");
    }
}
