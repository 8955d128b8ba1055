//! What enrolment writes. Secrets are replaced whole or not at all; what an installer wrote is never overwritten.

use crate::failure::Failure;
use chuangming_domain::enrol::Enrolled;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use url::Url;

const PASSWORD: &str = "broker-password";
const CA: &str = "broker-ca.pem";
const CONFIG_KEY: &str = "central-config-key.pem";

/// Makes the folder, readable by its owner only, and sees that files can be written there.
pub(super) fn prepare(dir: &Path) -> Result<(), Failure> {
    let cannot = |e: io::Error| {
        Failure::input(format!("--dir: {}: {e}, expected a folder that this user may write", dir.display()))
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(cannot)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(cannot)?;
    let probe = dir.join(".enrol");
    fs::File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(cannot)
}

/// Writes what central answered; returns what an installer should read.
pub(super) fn write(
    dir: &Path,
    data_dir: &Path,
    cameras: &[(String, String)],
    enrolled: &Enrolled,
) -> Result<Vec<String>, Failure> {
    let put = |name: &str, text: &str| {
        replace(&dir.join(name), text)
            .map_err(|e| Failure::failed(format!("{}: {e}", dir.join(name).display())))
    };
    put(PASSWORD, &format!("{}\n", enrolled.broker.password))?;
    if let Some(ca) = &enrolled.broker.ca {
        put(CA, ca)?;
    }
    if let Some(key) = &enrolled.config_key {
        put(CONFIG_KEY, key)?;
    }
    let mut told = vec![format!("enrolled as {}/{}", enrolled.hall, enrolled.agent)];
    for (name, text) in
        [("policy.toml", enrolled.policy.clone()), ("calibration.toml", "version = 1\n".to_owned())]
    {
        if !dir.join(name).exists() {
            put(name, &text)?;
        }
    }
    let config = dir.join("agent.toml");
    if config.exists() {
        told.push(format!("{} was kept; see that it says:", config.display()));
        told.extend(identity(enrolled).lines().map(|line| format!("  {line}")));
    } else {
        put("agent.toml", &agent_toml(data_dir, cameras, enrolled))?;
        told.push(format!("wrote {}", config.display()));
    }
    let next = if cameras.is_empty() && told.len() == 2 { "add its [[cameras]], then " } else { "" };
    told.push(format!("next: {next}edge-agent doctor --config {}", config.display()));
    Ok(told)
}

fn agent_toml(data_dir: &Path, cameras: &[(String, String)], enrolled: &Enrolled) -> String {
    let mut text = String::from(
        "# Written by `edge-agent enrol`. The files beside it are this machine's own: copy them nowhere.\n",
    );
    text += "calibration = \"calibration.toml\"\npolicy = \"policy.toml\"\n";
    let _ = writeln!(text, "data_dir = {}", quoted(&data_dir.display().to_string()));
    text += &identity(enrolled);
    for (id, source) in cameras {
        let _ = write!(text, "\n[[cameras]]\nid = {}\nsource = {}\n", quoted(id), quoted(source));
    }
    if cameras.is_empty() {
        text += "\n# [[cameras]]\n# id = \"cam-1\"\n# source = \"rtsp://user:password@camera/stream\"\n";
    }
    text
}

/// The part of agent.toml that central decides.
fn identity(enrolled: &Enrolled) -> String {
    let (hall, agent) = (enrolled.hall.as_str(), enrolled.agent.as_str());
    let mut text = format!("hall = {}\nagent = {}\n", quoted(hall), quoted(agent));
    if enrolled.config_key.is_some() {
        let _ = writeln!(text, "config_key_file = {}", quoted(CONFIG_KEY));
    }
    let _ = write!(text, "\n[broker]\nurl = {}\n", quoted(&enrolled.broker.url));
    if enrolled.broker.ca.is_some() {
        let _ = writeln!(text, "ca_file = {}", quoted(CA));
    }
    if is_plain_beyond_loopback(&enrolled.broker.url) {
        text += "insecure = true\n";
    }
    let _ = writeln!(
        text,
        "username = {}\npassword_file = {}",
        quoted(&enrolled.broker.username),
        quoted(PASSWORD)
    );
    text
}

fn is_plain_beyond_loopback(url: &str) -> bool {
    let is_loopback = |host: &str| {
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    Url::parse(url).is_ok_and(|url| url.scheme() == "mqtt" && !url.host_str().is_some_and(is_loopback))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Writes a file that only its owner can read; it is the old one or the new one whatever happens.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = Path::new(&name);
    match fs::remove_file(temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use chuangming_domain::enrol::EnrolledBroker;

    fn enrolled(url: &str, ca: Option<&str>) -> Enrolled {
        Enrolled {
            hall: "tanggu".parse().unwrap(),
            agent: "edge-01".parse().unwrap(),
            broker: EnrolledBroker {
                url: url.into(),
                ca: ca.map(Into::into),
                username: "tanggu/edge-01".into(),
                password: "s3cret".into(),
            },
            config_key: Some("-----BEGIN PUBLIC KEY-----\n".into()),
            policy: "version = 1\n".into(),
        }
    }

    /// Enrols into an empty folder and reads what was written as the agent does.
    fn check(enrolled: &Enrolled) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("chuangming");
        let clip = folder.path().join("clip.mp4");
        fs::write(&clip, "").unwrap();
        prepare(&dir).unwrap();
        let cameras = [("cam-1".to_owned(), clip.display().to_string())];
        write(&dir, &folder.path().join("data"), &cameras, enrolled).unwrap();
        for file in fs::read_dir(&dir).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        Config::load(&dir.join("agent.toml")).unwrap()
    }

    #[test]
    fn what_is_written_is_a_whole_configuration() {
        let config = check(&enrolled("mqtts://central:8883", Some("ca")));
        assert_eq!((config.agent.hall.as_str(), config.agent.agent.as_str()), ("tanggu", "edge-01"));
        assert!(config.agent.broker.tls.is_some() && config.agent.config_key_file.is_some());
        assert_eq!(config.agent.broker.login.unwrap().0, "tanggu/edge-01");
        for plain in ["mqtt://127.0.0.1:1883", "mqtt://10.0.0.7:1883"] {
            assert!(check(&enrolled(plain, None)).agent.broker.tls.is_none(), "{plain}");
        }
    }

    #[test]
    fn enrolling_again_replaces_the_secrets_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let first = enrolled("mqtts://central:8883", Some("ca"));
        write(folder.path(), Path::new("/data"), &[], &first).unwrap();
        fs::write(at("calibration.toml"), "version = 1\n# measured on site\n").unwrap();
        let before = fs::read_to_string(at("agent.toml")).unwrap();
        let mut second = first;
        second.broker.password = "another".into();
        let told = write(folder.path(), Path::new("/data"), &[], &second).unwrap().join("\n");
        assert_eq!(fs::read_to_string(at("broker-password")).unwrap(), "another\n");
        assert_eq!(fs::read_to_string(at("agent.toml")).unwrap(), before);
        assert!(fs::read_to_string(at("calibration.toml")).unwrap().contains("on site"));
        assert!(told.contains("was kept") && !told.contains("another"), "{told}");
    }
}
