//! Logs on stderr, and metrics for `/metrics`.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::EnvFilter;

/// The embedded broker calls every goodbye an error; what matters of it is logged by `ingest`.
const QUIET: &str = "info,rumqttd=off,sqlx=warn";
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Sends logs to stderr; `RUST_LOG` chooses which.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(QUIET));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}

/// The program's metrics; the first call installs them.
///
/// # Errors
/// When something else has installed a recorder.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    // Held while installing: a second caller waits for the first one's handle instead of racing it.
    let mut installed = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe();
    Ok(installed.insert(handle).clone())
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("central_messages_total", "valid messages of agents by channel and outcome");
    describe_counter!("central_refused_total", "messages refused by reason");
    describe_counter!(
        "central_dropped_total",
        "messages dropped unacknowledged; their agents send them again"
    );
    describe_counter!("central_acks_total", "acknowledgements published");
    describe_counter!("central_store_failures_total", "messages that the database did not take");
    describe_counter!("central_broker_disconnects_total", "broken connections to the broker");
    describe_counter!(
        "central_stream_resyncs_total",
        "live streams that were too slow and had to start over"
    );
    describe_counter!("central_sign_in_failures_total", "wrong names or passwords");
    describe_counter!("central_http_responses_total", "HTTP responses by status");
    describe_gauge!("central_ingest_queue", "messages between the broker's connection and the database");
    describe_gauge!("central_streams", "open live streams");
    describe_gauge!(
        "central_calendar_missing_year",
        "the year whose public calendar should be known by now and is not; 0 if none"
    );
    describe_histogram!("central_ingest_seconds", "from a message's arrival to its acknowledgement");
    describe_histogram!(
        "central_opened_to_stored_seconds",
        "from an alert's full dwell to its durability here"
    );
}

/// Says which year's public calendar should be known by now and is not.
pub fn calendar_missing(year: Option<i16>) {
    metrics::gauge!("central_calendar_missing_year").set(f64::from(year.unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    #[test]
    fn many_callers_at_once_share_one_recorder() {
        let callers: Vec<_> = (0..16).map(|_| std::thread::spawn(super::metrics)).collect();
        for caller in callers {
            assert!(caller.join().unwrap().is_ok());
        }
    }
}
