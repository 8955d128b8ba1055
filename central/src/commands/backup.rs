//! `central backup` and `central restore`.

use super::audit::create;
use crate::{ConfigFile, at, bad_input, read_config};
use chuangming_central::serve::open_store;
use chuangming_central::store::{BackupError, Store};
use clap::Args;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    config: ConfigFile,
    /// The file, gzip; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    config: ConfigFile,
    /// A file that `central backup` made, from either kind of database.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

pub(crate) async fn backup(options: &Backup) -> anyhow::Result<()> {
    let path = &options.config.config;
    let config = read_config(path)?;
    let out =
        create(&options.out).map_err(|e| bad_input(format!("--out: {}: {e}", options.out.display())))?;
    let store = open_store(&config).await.map_err(|e| at(path, e))?;
    let written = write(&store, out).await;
    store.close().await;
    let rows = written.inspect_err(|_| drop(std::fs::remove_file(&options.out)))?;
    tracing::info!(rows, file = %options.out.display(), "backed up");
    Ok(())
}

async fn write(store: &Store, out: File) -> anyhow::Result<u64> {
    let mut out = GzEncoder::new(BufWriter::new(out), Compression::default());
    let rows = store.backup(&mut out).await?;
    out.finish()?.into_inner()?.sync_all()?;
    Ok(rows)
}

pub(crate) async fn restore(options: &Restore) -> anyhow::Result<()> {
    let path = &options.config.config;
    let config = read_config(path)?;
    let shown = options.from.display();
    let from = File::open(&options.from).map_err(|e| bad_input(format!("--from: {shown}: {e}")))?;
    let store = open_store(&config).await.map_err(|e| at(path, e))?;
    let restored = store.restore(BufReader::new(GzDecoder::new(BufReader::new(from)))).await;
    store.close().await;
    let rows = restored.map_err(|error| match error {
        BackupError::Line { .. } | BackupError::Stream(_) => bad_input(format!("--from: {shown}: {error}")),
        BackupError::NotEmpty(_) => bad_input(format!("{}: {error}", path.display())),
        BackupError::Store(_) => error.into(),
    })?;
    tracing::info!(rows, "restored; everybody has to sign in anew");
    Ok(())
}
