//! `central serve`: starts the parts in order, and stops them in the opposite one.

use crate::access::Access;
use crate::alerts::Hub;
use crate::certificate;
use crate::config::{Broker, Config, RetentionDays};
use crate::duty;
use crate::enrol::Registrar;
use crate::http::{self, App, Parts};
use crate::ingest::Ingest;
use crate::ingest::broker::{self, BrokerError};
use crate::ingest::courier::{Bell, Courier};
use crate::ingest::link::{Address, Link};
use crate::notify::Sender;
use crate::oidc::Provider;
use crate::signing::Signer;
use crate::stop::{self, Stop, Stopper};
use crate::store::Store;
use crate::telemetry;
use axum::Router;
use chuangming_domain::Timestamp;
use chuangming_portal::door::{Door, Manners};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const MANNERS: Manners =
    Manners { connections: 1024, headers: Duration::from_secs(30), farewell: Duration::from_secs(5) };
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How often appeals past their deadline are looked for.
const DEADLINES: Duration = Duration::from_secs(60);
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Why central does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator's input is wrong.
    #[error("{0}")]
    Input(String),
    /// The machine does not allow it.
    #[error("{0}")]
    Failed(String),
}

/// A running central.
pub struct Server {
    address: SocketAddr,
    stopper: Stopper,
    ingest: JoinHandle<()>,
    courier: JoinHandle<()>,
    http: JoinHandle<()>,
    sender: JoinHandle<()>,
    chores: JoinHandle<()>,
    store: Store,
}

impl Server {
    /// Starts everything: store, broker, ingest, HTTP.
    ///
    /// # Errors
    /// One line: what, where, what would be right.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let failed = |e: &dyn std::fmt::Display| StartError::Failed(e.to_string());
        let metrics = telemetry::metrics().map_err(|e| failed(&e))?;
        let provider = config.oidc.clone().map(Provider::new).transpose();
        let provider = provider.map_err(|e| StartError::Input(e.to_string()))?.map(Arc::new);
        let store = open_store(&config).await?;
        let sender = Sender::new(store.clone(), &config.notify, &config.halls, &config.data_dir);
        let sender = sender.map_err(StartError::Input)?;
        let signer = config.config_key_file.as_deref().map(Signer::load).transpose();
        let signer = signer.map_err(|e| StartError::Input(format!("config_key_file: {e}")))?;
        let access = Access::default();
        access.refresh(&store).await.map_err(|e| failed(&e))?;
        let address = broker_address(&config, &access).await?;
        let tls = config.tls.as_ref().map(certificate::read).transpose().map_err(StartError::Input)?;
        let door = Door::open(config.listen, tls, MANNERS)
            .await
            .map_err(|e| StartError::Failed(format!("listen: cannot listen on {}: {e}", config.listen)))?;

        let (stopper, stop) = stop::channel();
        let hub = Hub::default();
        let own_broker = matches!(config.broker, Broker::Embedded(_)).then(|| address.clone());
        let follower = hub.clone();
        let ingest = Ingest::new(Link::new(address), store.clone(), hub.clone(), access.clone());
        let bell = Bell::default();
        let courier = Courier {
            store: store.clone(),
            outbox: ingest.outbox(),
            connected: ingest.connected(),
            signer: signer.clone(),
            access: access.clone(),
            bell: bell.clone(),
        };
        let registrar =
            Registrar::open(config.enrolment(door.address()), signer.as_ref(), access, own_broker)
                .map_err(StartError::Input)?;
        let app = App::new(Parts {
            store: store.clone(),
            hub: hub.clone(),
            halls: config.halls,
            sign_in: config.sign_in,
            provider,
            retention: config.retention,
            appeal_days: config.appeal_days,
            notify: sender.clone(),
            secure: config.tls.is_some(),
            metrics: metrics.clone(),
            broker_connected: ingest.connected(),
            registrar,
            bell,
            signer,
            stop: stop.clone(),
        });
        if store.is_shared() {
            tokio::spawn(follower.follow(store.clone(), stop.clone()));
        }
        if !http::pages_built() {
            tracing::warn!(
                "the pages were not built: only the API answers; run `npm ci && npm run build` in central/web"
            );
        }
        Ok(Self {
            address: door.address(),
            ingest: tokio::spawn(ingest.run(stop.clone())),
            courier: tokio::spawn(courier.run(stop.clone())),
            http: tokio::spawn(answer(door, http::router(&app), stop.clone())),
            sender: tokio::spawn(sender.run(stop.clone())),
            chores: tokio::spawn(chores(store.clone(), hub, config.retention, metrics, stop)),
            stopper,
            store,
        })
    }

    /// Where the pages and the API are.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops in order: no new messages and requests, what is under way ends, then the database closes.
    pub async fn stop(self) {
        self.stopper.stop();
        let _ = self.ingest.await;
        let _ = self.courier.await;
        let _ = self.http.await;
        let _ = self.sender.await;
        let _ = self.chores.await;
        self.store.close().await;
    }
}

/// Creates the data folder and opens the database in it.
///
/// # Errors
/// One line: what, where, what would be right.
pub async fn open_store(config: &Config) -> Result<Store, StartError> {
    let dir = &config.data_dir;
    let cannot = |e| {
        StartError::Input(format!("data_dir: {}: {e}, expected a folder that can be written", dir.display()))
    };
    std::fs::create_dir_all(dir).map_err(cannot)?;
    only_for_owner(dir).map_err(cannot)?;
    let database = config.database().map_err(StartError::Input)?;
    let store = Store::open(&database).await.map_err(|e| StartError::Failed(e.to_string()))?;
    let store = store.witnessed(config.audit_head());
    store.housekeep(Timestamp::now()).await.map_err(|e| StartError::Failed(e.to_string()))?;
    Ok(store)
}

#[cfg(unix)]
fn only_for_owner(dir: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn only_for_owner(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

async fn answer(door: Door, router: Router, mut stop: Stop) {
    door.answer(router, async move { stop.given().await }).await;
}

/// Starts the embedded broker, or reads how to reach the external one.
async fn broker_address(config: &Config, access: &Access) -> Result<Address, StartError> {
    match &config.broker {
        Broker::External(external) => Address::of(external).map_err(StartError::Input),
        Broker::Embedded(embedded) => {
            let own =
                broker::start(embedded, access, config.enrolment.is_some()).await.map_err(|e| match e {
                    BrokerError::Passwords(_) => StartError::Input(e.to_string()),
                    BrokerError::Listen { .. } | BrokerError::Thread(_) => StartError::Failed(e.to_string()),
                })?;
            let reachable = broker::reachable(embedded.listen);
            Ok(Address {
                host: reachable.ip().to_string(),
                port: reachable.port(),
                login: Some((own.name, own.password)),
                tls: None,
                client_id: "chuangming-central".to_owned(),
                keep_session: false,
                last_will: None,
            })
        }
    }
}

/// Says in the log and at `/metrics` which year's public calendar should be known by now and is not.
async fn tell_missing_calendar(store: &Store, now: Timestamp) {
    let brought = match store.public_years().await {
        Ok(years) => years,
        Err(error) => return tracing::error!(%error, "the public calendar could not be read"),
    };
    let year = duty::missing(now.to_zoned(duty::zone()).date(), brought.keys());
    telemetry::calendar_missing(year);
    if let Some(year) = year {
        tracing::warn!(
            year,
            "the public calendar is not known: only weekends are off until an administrator brings it"
        );
    }
}

/// What has to be done now and then.
async fn chores(store: Store, hub: Hub, retention: RetentionDays, metrics: PrometheusHandle, mut stop: Stop) {
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    let mut appeals = tokio::time::interval(DEADLINES);
    let mut upkeep = tokio::time::interval(METRICS_UPKEEP);
    loop {
        tokio::select! {
            () = stop.given() => return,
            _ = upkeep.tick() => metrics.run_upkeep(),
            _ = appeals.tick() => {
                let turn = hub.turn().await;
                match store.drop_late_appeals(Timestamp::now()).await {
                    Ok(changes) => hub.tell(&store, &changes, turn).await,
                    Err(error) => tracing::error!(%error, "appeals past their deadline could not be dropped"),
                }
            }
            _ = housekeeping.tick() => {
                let now = Timestamp::now();
                tell_missing_calendar(&store, now).await;
                if let Err(error) = store.housekeep(now).await {
                    tracing::error!(%error, "housekeeping failed");
                }
                if let Err(error) = store.retain(retention, now).await {
                    tracing::error!(%error, "what is past its time could not be deleted");
                }
            }
        }
    }
}
