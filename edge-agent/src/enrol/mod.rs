//! `edge-agent enrol`: with a one-time token from central's page, fetches all that this machine needs to be an agent
//! of its hall and writes it to files that only their owner can read.

mod files;
mod https;

use crate::failure::Failure;
use chuangming_domain::enrol::{EnrolRequest, Enrolled, PATH, Token};
use clap::Args as ClapArgs;
use std::io::Write;
use std::path::PathBuf;
use url::Url;

/// How this machine enrols.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Central's address, such as https://central:8443
    #[arg(long, value_name = "URL")]
    central: Url,
    /// The token that central's page shows; it is good once
    #[arg(long)]
    token: Token,
    /// Where agent.toml and its files go; made owner-only
    #[arg(long, value_name = "DIR", default_value = "/etc/chuangming")]
    dir: PathBuf,
    /// What a new agent.toml says of where the agent keeps its data
    #[arg(long, value_name = "DIR", default_value = "/var/lib/chuangming")]
    data_dir: PathBuf,
    /// A camera for a new agent.toml, such as cam-1=rtsp://…; may be given several times
    #[arg(long, value_name = "ID=SOURCE", value_parser = camera)]
    camera: Vec<(String, String)>,
}

fn camera(text: &str) -> Result<(String, String), String> {
    let (id, source) = text.split_once('=').ok_or("expected ID=SOURCE, such as cam-1=rtsp://…")?;
    Ok((id.to_owned(), source.to_owned()))
}

/// Enrols this machine; what was done goes to `out`.
///
/// # Errors
/// When central cannot be reached, is another one than the token's, or refuses; when the files cannot be written.
pub async fn run(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    // Everything that can be wrong here is found before the token is spent.
    files::prepare(&args.dir)?;
    let plain = args.central.scheme() == "http";
    if plain != args.token.pin.is_none() {
        return Err(Failure::input(match plain {
            true => "--central: is http://, but the token belongs to an https:// address",
            false => "--token: holds no fingerprint, expected one as central's page shows it for https://",
        }));
    }
    let request =
        EnrolRequest { secret: args.token.secret.clone(), version: env!("CARGO_PKG_VERSION").into() };
    let answer = https::post(&args.central, PATH, args.token.pin.as_ref(), &request).await?;
    let enrolled: Enrolled = serde_json::from_slice(&answer).map_err(|e| {
        Failure::failed(format!("{}: answered something else than expected: {e}", args.central))
    })?;
    let told = files::write(&args.dir, &args.data_dir, &args.camera, &enrolled)?;
    for line in told {
        writeln!(out, "{line}").map_err(Failure::failed)?;
    }
    Ok(())
}
