//! The command line of the edge agent.

use anyhow::Context as _;
use chuangming_domain::id::CameraId;
use chuangming_edge_agent::calibrate::standalone;
use chuangming_edge_agent::config::{Config, model_manifest};
use chuangming_edge_agent::failure::Failure;
use chuangming_edge_agent::{agent, bench, doctor, enrol, eval, propose, replay};
use chuangming_models::{Models, Options};
use clap::{Parser, Subcommand};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Watches conduct at service windows: cameras to events. Pictures never leave this machine's memory.
#[derive(Debug, Parser)]
#[command(name = "edge-agent", version, after_help = "Exit codes: 0 done, 1 failure, 2 bad input.")]
struct Cli {
    /// Write logs as JSON, one object a line
    #[arg(long, global = true)]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the configured cameras and send events until SIGINT or SIGTERM
    Run {
        /// The agent's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Explain what is wrong with this machine, its cameras, its models and its broker
    Doctor(doctor::Args),
    /// Set up what the cameras see, on a page for a phone; asks the running agent where there is one
    Calibrate(standalone::Args),
    /// Make this machine an agent of its hall, with a one-time token from central's page
    Enrol(enrol::Args),
    /// Play a clip through the pipeline, faster than real time; events go to stdout as JSON, one a line
    Replay(replay::Args),
    /// Score what is said of labelled stills and clips
    Eval(eval::Args),
    /// Measure load and speed
    Bench(bench::Args),
    /// Look at a camera and write a calibration with the windows where people stayed to stdout
    Propose {
        /// rtsp://…, http://…, /dev/videoN, a file or a folder
        #[arg(long)]
        source: String,
        /// The camera's id in the calibration
        #[arg(long, default_value = "cam-1")]
        camera: CameraId,
        /// How long to look
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let log = match cli.command {
        // What the doctor finds is on stdout; its log would only say the same again.
        Command::Doctor(_) => "error",
        Command::Run { .. } | Command::Calibrate(_) => "info,ort=warn,rumqttc=error,sqlx=warn",
        _ => "warn,chuangming_edge_agent::eval=info",
    };
    log_to_stderr(cli.log_json, log);
    match execute(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("edge-agent: {error:#}");
            ExitCode::from(error.downcast_ref::<Failure>().map_or(1, Failure::exit_code))
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run { config } => {
            let config = Config::load(&config).map_err(Failure::from)?;
            runtime()?.block_on(agent::run(config))?;
        }
        Command::Replay(args) => replay::run(&args, &mut io::stdout().lock())?,
        Command::Eval(args) => eval::run(&args)?,
        Command::Bench(args) => bench::run(&args)?,
        Command::Doctor(args) => {
            let well = runtime()?.block_on(doctor::examine(&args, &mut io::stdout().lock()))?;
            return Ok(ExitCode::from(u8::from(!well)));
        }
        Command::Calibrate(args) => runtime()?.block_on(standalone::run(&args, &mut io::stdout().lock()))?,
        Command::Enrol(args) => runtime()?.block_on(enrol::run(&args, &mut io::stdout().lock()))?,
        Command::Propose { source, camera, seconds } => {
            let models = Models::load(&model_manifest(None)?, &Options::default()).map_err(Failure::input)?;
            let calibration = propose::run(&source, &camera, seconds, models)?;
            io::stdout().write_all(calibration.as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().context("the asynchronous runtime cannot start")
}

/// `RUST_LOG` chooses what is logged; by default what an operator wants to know.
fn log_to_stderr(json: bool, default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if json {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(io::stderr().is_terminal()).init();
    }
}
