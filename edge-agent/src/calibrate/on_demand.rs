//! A running agent serves the page when it is asked on its own machine: through a socket in `data_dir` that only its owner
//! can open. Whoever asks is shown a fresh code; when nobody is signed in or could be any more, the page is closed. With
//! `calibrate.always` it is open all the time, for those who come with a code of central.

use super::handle::Handle;
use super::invitation::Invitation;
use super::service::Service;
use crate::config::AgentConfig;
use crate::failure::Failure;
use crate::machine::Gauge;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const SOCKET: &str = "calibrate.sock";
/// How often to see whether the page is still needed.
const LOOK_AFTER: Duration = Duration::from_secs(10);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the agent answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Invitation(Invitation),
    Refused(String),
}

/// The offer of a running agent to serve the page.
pub struct Offer {
    path: PathBuf,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Offers the page; nothing listens on the network until somebody asks. The gauge is told where the page is open.
///
/// # Errors
/// When the socket cannot be made.
pub fn offer(handle: Handle, gauge: Arc<Gauge>) -> Result<Offer, Failure> {
    let path = handle.agent.data_dir.join(SOCKET);
    let cannot = |e: io::Error| Failure::failed(format!("{}: {e}", path.display()));
    // Whoever made it is gone: this process holds the lock on data_dir.
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot(e)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(cannot)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    let (stop, is_over) = oneshot::channel();
    let task = tokio::spawn(wait_for_askers(listener, handle, gauge, is_over));
    Ok(Offer { path, stop, task })
}

impl Offer {
    /// Closes the page and offers it no longer.
    pub async fn withdraw(self) {
        let _ = self.stop.send(());
        if self.task.await.is_err() {
            tracing::error!("the calibration page had failed");
        }
        let _ = fs::remove_file(&self.path);
    }
}

async fn wait_for_askers(
    listener: UnixListener,
    handle: Handle,
    gauge: Arc<Gauge>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut service: Option<Service> = None;
    let always = handle.agent.calibrate.always;
    let mut turn = tokio::time::interval(LOOK_AFTER);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            asked = listener.accept() => match asked {
                Ok((asker, _)) => answer(asker, &mut service, &handle).await,
                Err(error) => {
                    tracing::warn!(%error, "nobody can ask for the calibration page");
                    tokio::time::sleep(LOOK_AFTER).await;
                }
            },
            _ = turn.tick() => {
                if always && service.is_none() {
                    match Service::open(handle.clone()).await {
                        Ok(opened) => service = Some(opened),
                        Err(failure) => tracing::warn!(%failure, "the calibration page cannot be opened"),
                    }
                }
                if let Some(over) = service.take_if(|service| !always && !service.is_needed()) {
                    over.close().await;
                }
            }
        }
        gauge.page_is_at(service.as_ref().map(|open| (open.address(), open.certificate().clone())));
    }
    if let Some(service) = service {
        service.close().await;
    }
}

async fn answer(mut asker: UnixStream, service: &mut Option<Service>, handle: &Handle) {
    if service.is_none() {
        match Service::open(handle.clone()).await {
            Ok(opened) => *service = Some(opened),
            Err(failure) => tell(&mut asker, &Answer::Refused(failure.to_string())).await,
        }
    }
    if let Some(service) = service {
        tell(&mut asker, &Answer::Invitation(service.invite())).await;
    }
}

async fn tell(asker: &mut UnixStream, answer: &Answer) {
    let text = serde_json::to_vec(answer).unwrap_or_default();
    let told = tokio::time::timeout(PATIENCE, asker.write_all(&text)).await;
    if !matches!(told, Ok(Ok(()))) {
        tracing::debug!("whoever asked for the calibration page is gone");
    }
}

/// Asks the running agent for an invitation.
///
/// # Errors
/// When it offers none, or cannot serve the page.
pub(super) fn ask(agent: &AgentConfig) -> Result<Invitation, Failure> {
    let text = listen(&agent.data_dir.join(SOCKET)).map_err(|e| {
        Failure::input(format!(
            "data_dir: {} is in use by a running agent that does not answer ({e}), expected one whose agent.toml says on_demand = true under [calibrate]",
            agent.data_dir.display()
        ))
    })?;
    match serde_json::from_str(&text).map_err(Failure::failed)? {
        Answer::Invitation(invitation) => Ok(invitation),
        Answer::Refused(why) => Err(Failure::failed(why)),
    }
}

fn listen(socket: &Path) -> io::Result<String> {
    let mut stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
