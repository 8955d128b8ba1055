//! A real mosquitto on loopback, and a central that acknowledges what it is told to.

#![allow(dead_code, reason = "every test uses a part of it")]

use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{Ack, Acks, Channel, Health};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Generous: the machine may be busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Mosquitto {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts a broker that keeps its sessions on disk; `extra` lines go into its configuration.
    pub(crate) fn start(extra: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), extra)
    }

    pub(crate) fn start_in(folder: tempfile::TempDir, extra: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = folder.path().display();
        let anonymous = if extra.contains("allow_anonymous") { "" } else { "allow_anonymous true\n" };
        let text = format!(
            "user root\nlistener {port} 127.0.0.1\n{anonymous}persistence true\npersistence_location {place}/\nautosave_interval 1\n{extra}\n"
        );
        std::fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Self { folder, port, child: None };
        broker.resume();
        broker
    }

    pub(crate) fn resume(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("mosquitto.log")).unwrap();
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stderr(Stdio::from(log.try_clone().unwrap()))
            .stdout(Stdio::from(log))
            .spawn()
            .expect("mosquitto is installed (Debian package mosquitto)");
        self.child = Some(child);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "mosquitto does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("mosquitto.log")).unwrap_or_default()
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn hall() -> HallId {
    "tanggu".parse().unwrap()
}

pub(crate) fn agent() -> AgentId {
    "edge-01".parse().unwrap()
}

/// One message that arrived at central.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) channel: Channel,
    pub(crate) text: String,
}

/// Subscribes to everything of the agent.
pub(crate) struct Central {
    client: AsyncClient,
    arrived: mpsc::UnboundedReceiver<Arrived>,
    acknowledging: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Central {
    pub(crate) async fn connect(port: u16) -> Self {
        Self::connect_as("central", port).await
    }

    pub(crate) async fn connect_as(id: &str, port: u16) -> Self {
        Self::connect_with(id, port, None).await
    }

    pub(crate) async fn connect_with(id: &str, port: u16, login: Option<(&str, &str)>) -> Self {
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        if let Some((username, password)) = login {
            options.set_credentials(username, password);
        }
        options
            .set_clean_start(false)
            .set_session_expiry_interval(Some(3600))
            .set_max_packet_size(Some(1_000_000));
        let (client, mut events) = AsyncClient::new(options, 1000);
        let (sender, arrived) = mpsc::unbounded_channel();
        let acknowledging = Arc::new(AtomicBool::new(true));
        let (acks, is_acknowledging) = (client.clone(), Arc::clone(&acknowledging));
        let (subscribed, is_subscribed) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let mut subscribed = Some(subscribed);
            loop {
                match events.poll().await {
                    // On every connection: a killed broker may have forgotten.
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        acks.try_subscribe("chuangming/v1/#", QoS::AtLeastOnce).unwrap();
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => {
                        subscribed.take().map(|s| s.send(()));
                    }
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                        let (_, _, channel) = Channel::parse(&topic).expect("a topic of the contract");
                        let text = String::from_utf8_lossy(&publish.payload).into_owned();
                        if channel == Channel::Health && is_acknowledging.load(Ordering::Relaxed) {
                            let Health { id, seq, .. } = serde_json::from_str(&text).unwrap();
                            let payload = serde_json::to_vec(&Acks { acks: vec![Ack { id, seq }] }).unwrap();
                            let topic = Channel::Ack.topic(&hall(), &agent());
                            // Never waits: this task is the one that empties the queue.
                            let _ = acks.try_publish(topic, QoS::AtLeastOnce, false, payload);
                        }
                        if sender.send(Arrived { channel, text }).is_err() {
                            return;
                        }
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        });
        is_subscribed.await.unwrap();
        Self { client, arrived, acknowledging, task }
    }

    /// Waits for the next message on a channel; others are passed over.
    pub(crate) async fn next_on(&mut self, channel: Channel) -> String {
        let wanted = async {
            loop {
                let arrived = self.arrived.recv().await.expect("central listens");
                if arrived.channel == channel {
                    return arrived.text;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wanted)
            .await
            .unwrap_or_else(|_| panic!("nothing on {}", channel.name()))
    }

    /// Waits for the next message on a channel that contains a text.
    pub(crate) async fn next_matching(&mut self, channel: Channel, part: &str) -> String {
        loop {
            let text = self.next_on(channel).await;
            if text.contains(part) {
                return text;
            }
        }
    }

    /// What came on a channel within a while.
    pub(crate) async fn all_on(&mut self, channel: Channel, within: Duration) -> Vec<String> {
        let until = tokio::time::Instant::now() + within;
        let mut texts = Vec::new();
        while let Ok(Some(arrived)) = tokio::time::timeout_at(until, self.arrived.recv()).await {
            if arrived.channel == channel {
                texts.push(arrived.text);
            }
        }
        texts
    }

    /// Everything that came on any channel up to a message that contains a text.
    pub(crate) async fn everything_until(&mut self, part: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let collected = async {
            loop {
                let arrived = self.arrived.recv().await.expect("central listens");
                let is_last = arrived.text.contains(part);
                texts.push(arrived.text);
                if is_last {
                    return;
                }
            }
        };
        let is_there = tokio::time::timeout(PATIENCE, collected).await;
        assert!(is_there.is_ok(), "nothing with {part}");
        texts
    }

    /// Whether health messages are acknowledged as they come.
    pub(crate) fn acknowledge(&self, acknowledging: bool) {
        self.acknowledging.store(acknowledging, Ordering::Relaxed);
    }

    pub(crate) async fn publish(&self, channel: Channel, payload: Vec<u8>, retain: bool) {
        let topic = channel.topic(&hall(), &agent());
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload).await.unwrap();
    }
}

impl Drop for Central {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until something is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let until = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A listener that refuses MQTT 5 as a broker does that speaks 3.1.1 only, and passes 3.1.1 on to a real one.
pub(crate) async fn old_broker(real: u16) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 512];
                let n = client.read(&mut head).await.unwrap_or(0);
                // Fixed header (up to two bytes of length here), then the protocol's name, then its level.
                let name = head[..n].windows(6).position(|w| w == b"\0\x04MQTT");
                let level = name.and_then(|at| head[..n].get(at + 6));
                if level == Some(&5) {
                    let _ = client.write_all(&[0x20, 0x02, 0x00, 0x01]).await;
                    return;
                }
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", real)).await.unwrap();
                server.write_all(&head[..n]).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

/// Writes an authority, a broker certificate for localhost and an agent certificate as PEM files.
pub(crate) fn certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let named = |name: &str, names: Vec<String>| {
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let authority_key = KeyPair::generate().unwrap();
    let mut params = named("authority", Vec::new());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    write("ca.pem", params.self_signed(&authority_key).unwrap().pem());
    let issuer = Issuer::new(params, authority_key);
    for name in ["localhost", "edge-01"] {
        let key = KeyPair::generate().unwrap();
        let certificate = named(name, vec![name.to_owned()]).signed_by(&key, &issuer).unwrap();
        write(&format!("{name}.pem"), certificate.pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
}
