//! `central`: the commands.

mod commands;

use anyhow::Context;
use chuangming_central::config::{Config, broker_url};
use chuangming_central::ingest::history::{self, story::Story};
use chuangming_central::ingest::link::{Address, Certificates};
use chuangming_central::ingest::simulate::{self, Load};
use chuangming_central::role::Role;
use chuangming_central::serve::{Server, StartError, open_store};
use chuangming_central::signing::Signer;
use chuangming_central::store::NewAccount;
use chuangming_central::{password, stop, telemetry};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId, WindowId, ZoneId};
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Chuangming central: takes in what the edge agents send and shows it to center heads.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run central until SIGINT or SIGTERM.
    Serve(ConfigFile),
    /// Manage who may sign in.
    #[command(subcommand)]
    Account(AccountCommand),
    /// The log of who looked at conduct.
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Write the whole database into a file; central may run meanwhile.
    Backup(commands::backup::Backup),
    /// Fill an empty database from a backup; central must not run meanwhile.
    Restore(commands::backup::Restore),
    /// Print a line for the embedded broker's passwords_file.
    BrokerUser(BrokerUser),
    /// Make the key that signs the agents' configuration; its public half goes to stdout.
    ConfigKey(ConfigKey),
    /// Send valid events as many agents and measure the acknowledgements; one JSON line on stdout.
    Simulate(Simulate),
    /// Tell of a month gone by as an agent would have, for a demonstration: made up, marked as historical.
    History(History),
}

#[derive(Args)]
pub(crate) struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "central.toml")]
    pub(crate) config: PathBuf,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Add an account, or replace the password, role and halls of an existing one.
    Add(AccountAdd),
}

#[derive(Args)]
struct AccountAdd {
    #[command(flatten)]
    config: ConfigFile,
    /// What is typed at the sign-in.
    #[arg(long)]
    name: String,
    /// center_head, staff, installer, auditor or administrator.
    #[arg(long)]
    role: Role,
    /// A hall that the account may see; may be given several times.
    #[arg(long, value_name = "HALL", required_unless_present = "all_halls")]
    hall: Vec<HallId>,
    /// The account may see every hall.
    #[arg(long, conflicts_with = "hall")]
    all_halls: bool,
    /// A file whose first line is the password; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
}

#[derive(Args)]
struct BrokerUser {
    /// The user name.
    #[arg(long)]
    name: String,
    /// A file whose first line is the password.
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
}

#[derive(Args)]
struct ConfigKey {
    /// Where the private key goes: a new file, for central alone.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
struct Simulate {
    /// mqtt:// on this machine, or mqtts:// anywhere.
    #[arg(long, value_name = "URL")]
    broker: String,
    /// How many agents.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    agents: u32,
    /// Windows of each agent.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    windows: u32,
    /// Messages a second of each agent.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// How long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// The hall that the agents say they are in.
    #[arg(long, default_value = "simulated")]
    hall: HallId,
    /// Name at the broker.
    #[arg(long, requires = "password_file")]
    username: Option<String>,
    /// A file whose first line is the password at the broker.
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// PEM file that vouches for an mqtts:// broker.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Plain mqtt:// to another machine.
    #[arg(long)]
    insecure: bool,
}

#[derive(Args)]
struct History {
    /// mqtt:// on this machine.
    #[arg(long, value_name = "URL")]
    broker: String,
    /// The hall.
    #[arg(long)]
    hall: HallId,
    /// The agent that tells of it.
    #[arg(long)]
    agent: AgentId,
    /// Its windows.
    #[arg(long, required = true, value_delimiter = ',')]
    windows: Vec<WindowId>,
    /// A smoking zone that it watches.
    #[arg(long)]
    zone: Option<ZoneId>,
    /// How many days, up to yesterday.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// The same number tells the same story.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stay connected as an agent that has nothing more to tell, until SIGINT or SIGTERM.
    #[arg(long)]
    stay: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::log();
    let done = match tokio::runtime::Runtime::new().context("cannot start") {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("central: {error:#}");
            if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// The operator's input is wrong: one line of what, where, and what would be right.
#[derive(Debug)]
struct BadInput(String);

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

pub(crate) fn bad_input(text: impl ToString) -> anyhow::Error {
    BadInput(text.to_string()).into()
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(file) => serve(&file.config).await,
        Command::Account(AccountCommand::Add(add)) => add_account(add).await,
        Command::Audit(command) => commands::audit::run(command).await,
        Command::Backup(options) => commands::backup::backup(&options).await,
        Command::Restore(options) => commands::backup::restore(&options).await,
        Command::BrokerUser(user) => broker_user(&user),
        Command::ConfigKey(key) => config_key(&key),
        Command::Simulate(load) => simulate(load).await,
        Command::History(story) => history(story).await,
    }
}

pub(crate) fn read_config(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| bad_input(format!("{}: {e}, expected a central.toml", path.display())))?;
    Config::parse(&text, path).map_err(bad_input)
}

pub(crate) fn at(path: &Path, error: StartError) -> anyhow::Error {
    match error {
        StartError::Input(text) => bad_input(format!("{}: {text}", path.display())),
        StartError::Failed(text) => anyhow::anyhow!("{}: {text}", path.display()),
    }
}

async fn serve(path: &Path) -> anyhow::Result<()> {
    let config = read_config(path)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let server = Server::start(config).await.map_err(|e| at(path, e))?;
    tracing::info!("listening on {scheme}://{}", server.address());
    stop_signal().await?;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

#[cfg(unix)]
async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn stop_signal() -> anyhow::Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}

async fn add_account(add: AccountAdd) -> anyhow::Result<()> {
    let path = &add.config.config;
    let config = read_config(path)?;
    if add.name.trim().is_empty() || add.name.chars().count() > 64 {
        return Err(bad_input("--name: expected 1 to 64 characters"));
    }
    let password = password::read_file(&add.password_file).map_err(bad_input)?;
    if password.chars().count() < password::SHORTEST {
        let file = add.password_file.display();
        return Err(bad_input(format!(
            "{file}: the password is short, expected {} characters or more",
            password::SHORTEST
        )));
    }
    let store = open_store(&config).await.map_err(|e| at(path, e))?;
    let account = NewAccount {
        name: add.name,
        password_hash: password::hash(&password)
            .map_err(|e| bad_input(format!("the password cannot be hashed: {e}")))?,
        role: add.role,
        halls: if add.all_halls { None } else { Some(add.hall) },
    };
    store.put_account(&account, Timestamp::now()).await?;
    store.close().await;
    tracing::info!(name = account.name, role = %account.role, "the account is ready");
    Ok(())
}

fn broker_user(user: &BrokerUser) -> anyhow::Result<()> {
    if user.name.is_empty() || user.name.contains([':', '#']) {
        return Err(bad_input("--name: expected a name without : and #"));
    }
    let password = password::read_file(&user.password_file).map_err(bad_input)?;
    let hash =
        password::hash(&password).map_err(|e| bad_input(format!("the password cannot be hashed: {e}")))?;
    writeln!(std::io::stdout(), "{}:{hash}", user.name)?;
    Ok(())
}

fn config_key(key: &ConfigKey) -> anyhow::Result<()> {
    let signer = Signer::generate(&key.out)
        .map_err(|e| bad_input(format!("--out: {}: {e}, expected a new file", key.out.display())))?;
    write!(std::io::stdout(), "{}", signer.public_pem())?;
    Ok(())
}

async fn simulate(options: Simulate) -> anyhow::Result<()> {
    let url =
        broker_url(&options.broker, options.insecure).map_err(|e| bad_input(format!("--broker: {e}")))?;
    for (name, value, most) in [("--rate", options.rate, 10_000.0), ("--seconds", options.seconds, 86_400.0)]
    {
        if !(value > 0.0 && value <= most) {
            return Err(bad_input(format!("{name}: is {value}, expected more than 0 and at most {most}")));
        }
    }
    let tls = match (url.scheme(), &options.ca_file) {
        ("mqtts", None) => return Err(bad_input("--ca-file: is missing, expected for mqtts://")),
        ("mqtts", Some(file)) => {
            let ca =
                std::fs::read(file).map_err(|e| bad_input(format!("--ca-file: {}: {e}", file.display())))?;
            Some(Certificates { ca, client: None })
        }
        _ => None,
    };
    let login = match options.username.zip(options.password_file) {
        Some((name, file)) => Some((name, password::read_file(&file).map_err(bad_input)?)),
        None => None,
    };
    let outcome = simulate::run(Load {
        address: Address {
            host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if tls.is_some() { 8883 } else { 1883 }),
            login,
            tls,
            client_id: format!("simulate-{}", std::process::id()),
            keep_session: false,
            last_will: None,
        },
        hall: options.hall,
        agents: options.agents,
        windows: options.windows,
        rate: options.rate,
        duration: Duration::from_secs_f64(options.seconds),
    })
    .await;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&outcome)?)?;
    anyhow::ensure!(outcome.sent > 0, "nothing was sent: is there a broker at {}?", options.broker);
    anyhow::ensure!(
        outcome.unacked == 0,
        "{} of {} messages were not acknowledged",
        outcome.unacked,
        outcome.sent
    );
    Ok(())
}

async fn history(options: History) -> anyhow::Result<()> {
    let url = broker_url(&options.broker, false).map_err(|e| bad_input(format!("--broker: {e}")))?;
    let timezone = jiff::tz::TimeZone::get("Asia/Shanghai").context("no time zone data")?;
    let today = Timestamp::now().to_zoned(timezone.clone()).date();
    let address = Address {
        host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(1883),
        login: None,
        tls: None,
        client_id: format!("history-{}-{}-{}", options.hall, options.agent, std::process::id()),
        keep_session: false,
        last_will: None,
    };
    let story = Story {
        hall: options.hall,
        agent: options.agent,
        windows: options.windows,
        zone: options.zone,
        last: today.yesterday().unwrap_or(today),
        days: options.days,
        timezone,
        seed: options.seed,
    };
    let (stopper, stop) = stop::channel();
    let signal = tokio::spawn(async move {
        let _ = stop_signal().await;
        stopper.stop();
    });
    let mut unacked = 0;
    history::run(address, &story, options.stay.then_some(stop), |outcome| {
        unacked = outcome.unacked;
        let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string(&outcome).unwrap_or_default());
    })
    .await;
    signal.abort();
    anyhow::ensure!(
        unacked == 0,
        "{unacked} messages were not acknowledged: is central at {}?",
        options.broker
    );
    Ok(())
}
