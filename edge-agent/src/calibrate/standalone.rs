//! `edge-agent calibrate`: the page on a machine whose agent is not running, or a fresh code from the one that is.
//!
//! The cameras are watched as `run` watches them, but nothing is recorded or sent: no broker is needed, and no calibration
//! either.

use super::handle::{Adopt, Handle, Memory, ORDERS};
use super::invitation::Invitation;
use super::on_demand;
use super::service::Service;
use crate::agent::{load_models, lock};
use crate::clock::SteadyClock;
use crate::config::{Config, Setup};
use crate::doctor::{language, language_of_shell};
use crate::failure::Failure;
use crate::gallery::Gallery;
use crate::perceive::Perception;
use crate::recorder;
use crate::references::References;
use crate::watch::{Shared, Watch};
use chuangming_domain::text::Lang;
use parking_lot::Mutex;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

const TICK: Duration = Duration::from_secs(1);

/// How to calibrate.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The agent's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Write address, code and fingerprint as one line of JSON instead of for people
    #[arg(long)]
    json: bool,
    /// zh-CN or en; by default what LANG says
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Lang>,
}

/// Serves the page until SIGINT or SIGTERM; where an agent runs already, shows a code of it.
///
/// # Errors
/// When something that must be right before the start is not.
pub async fn run(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    let Config { agent, setup } = Config::load_to_calibrate(&args.config)?;
    agent.prepare_data_dir()?;
    let Some(_lock) = lock(&agent)? else { return show(args, &on_demand::ask(&agent)?, out) };
    let models = load_models(&agent)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;

    let agent = Arc::new(agent);
    let clock = Arc::new(SteadyClock::default());
    let gallery = Arc::new(Gallery::new(agent.camera_ids()));
    let (reports, mut reported) = mpsc::channel(recorder::QUEUE);
    // Rules are tried here, not kept.
    tokio::spawn(async move { while reported.recv().await.is_some() {} });
    let perception = Perception::new(models.clone());
    let shared = Shared {
        hall: agent.hall.clone(),
        agent: agent.agent.clone(),
        models: perception.digests(),
        looks: Arc::new(Mutex::new(perception)),
        clock: Arc::clone(&clock),
        gallery: Arc::clone(&gallery),
        references: Arc::new(References::open(&agent.data_dir).map_err(Failure::failed)?),
        kept: Arc::default(),
        moved: Arc::default(),
        reports,
    };
    let memory = Memory::of(&shared);
    let (in_force, setup_out) = watch::channel(Arc::new(setup));
    let (orders, mut ordered) = mpsc::channel(ORDERS);
    let handle =
        Handle { agent: Arc::clone(&agent), gallery, memory, clock, models, setup: setup_out, orders };
    let service = Service::open(handle).await?;
    let mut watches = Vec::new();
    for camera in &agent.cameras {
        let setup = Arc::clone(&in_force.borrow());
        watches.push(Watch::start(camera, setup, shared.clone()).map_err(Failure::failed)?);
    }
    show(args, &service.invite(), out)?;

    let mut enter = lines_of_terminal();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            Some(adopt) = ordered.recv() => adopt_by(&watches, &in_force, adopt),
            Some(()) = enter.recv() => show(args, &service.invite(), out)?,
            // Nobody came in time: who comes now needs another code.
            _ = tick.tick() => if !service.is_needed() { show(args, &service.invite(), out)? },
        }
    }
    service.close().await;
    let stopped = tokio::task::spawn_blocking(move || {
        watches.iter().for_each(Watch::ask_to_stop);
        watches.into_iter().for_each(Watch::join);
    });
    stopped.await.map_err(Failure::failed)
}

fn adopt_by(watches: &[Watch], in_force: &watch::Sender<Arc<Setup>>, Adopt { setup, done }: Adopt) {
    let setup = Arc::new(setup);
    in_force.send_replace(Arc::clone(&setup));
    watches.iter().for_each(|watch| watch.apply(Arc::clone(&setup)));
    let _ = done.send(());
}

fn show(args: &Args, invitation: &Invitation, out: &mut impl Write) -> Result<(), Failure> {
    let text = if args.json {
        serde_json::to_string(invitation).map_err(Failure::failed)?
    } else {
        let lang = args.lang.unwrap_or_else(language_of_shell);
        let hint = if io::stdin().is_terminal() { lang.text("invitation.enter") } else { "" };
        format!("{}{hint}", invitation.text(lang))
    };
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::failed)
}

/// Told whenever Enter is pressed in the terminal, if there is one.
fn lines_of_terminal() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    if io::stdin().is_terminal() {
        // Ends with the process: nothing else can end a read of the terminal.
        std::thread::spawn(move || {
            while io::stdin().read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0) {
                if sender.blocking_send(()).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}
