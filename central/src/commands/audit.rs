//! `central audit`: is the access log whole, and taking it elsewhere.

use crate::{ConfigFile, at, bad_input, read_config};
use anyhow::Context;
use chuangming_central::audit::{Checker, Exported, Head};
use chuangming_central::config::RetentionDays;
use chuangming_central::serve::open_store;
use chuangming_central::store::{Store, read_witness};
use chuangming_domain::Timestamp;
use clap::{Args, Subcommand};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that nobody changed, deleted, inserted or cut off anything; exit 1 and one line when somebody did.
    Verify(Verify),
    /// Write the access log into a file, one JSON entry a line; keep it where nobody who runs central can change it.
    Export(Export),
}

#[derive(Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    config: ConfigFile,
    /// An earlier export; may be given several times. The log must still hold all that was in it, but for what
    /// retention deleted.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    config: ConfigFile,
    /// The file; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) async fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(verify) => self::verify(&verify).await,
        AuditCommand::Export(export) => self::export(&export).await,
    }
}

async fn verify(options: &Verify) -> anyhow::Result<()> {
    let path = &options.config.config;
    let config = read_config(path)?;
    let mut known = Vec::new();
    for file in &options.against {
        known
            .push(read_export(file).map_err(|e| bad_input(format!("--against: {}: {e:#}", file.display())))?);
    }
    known.extend(read_witness(&config.audit_head())?);
    let store = open_store(&config).await.map_err(|e| at(path, e))?;
    let verified = store.audit_verify(known.clone(), RetentionDays::shortest_log()).await;
    store.close().await;
    let verified = verified?.map_err(|broken| anyhow::anyhow!("the access log is not whole: {broken}"))?;
    let compared = known.iter().filter(|head| head.id > verified.start.id).count();
    let (first, head) = (verified.start.id + 1, verified.head);
    writeln!(
        std::io::stdout(),
        "whole: entries {first} to {}, compared with {compared} heads kept elsewhere; head {} {}",
        head.id,
        head.id,
        head.hash
    )?;
    Ok(())
}

/// An earlier export's head; the export must be whole itself.
fn read_export(file: &Path) -> anyhow::Result<Head> {
    let lines: Vec<String> = BufReader::new(File::open(file)?).lines().collect::<Result<_, _>>()?;
    let (last, entries) = lines.split_last().context("is empty, expected an export")?;
    let head: Head =
        serde_json::from_str(last).context("the last line is no head, expected a whole export")?;
    let mut checker = None;
    for line in entries {
        let row: Exported = serde_json::from_str(line).context("a line is no entry, expected an export")?;
        let checker = checker.get_or_insert_with(|| {
            // Where an export begins later than the log did, its own first hash cannot be checked.
            if row.entry.id == 1 { Some(Checker::new(Head::origin(), Vec::new(), 0)) } else { None }
        });
        if let Some(checker) = checker {
            checker.check(&row.entry, &row.hash)?;
        }
    }
    Ok(head)
}

async fn export(options: &Export) -> anyhow::Result<()> {
    let path = &options.config.config;
    let config = read_config(path)?;
    let out =
        create(&options.out).map_err(|e| bad_input(format!("--out: {}: {e}", options.out.display())))?;
    let store = open_store(&config).await.map_err(|e| at(path, e))?;
    let written = write_all(&store, out).await;
    store.close().await;
    let (number, head) = written.inspect_err(|_| drop(std::fs::remove_file(&options.out)))?;
    tracing::info!(entries = number, head = head.id, "exported");
    Ok(())
}

async fn write_all(store: &Store, out: File) -> anyhow::Result<(u64, Head)> {
    let mut out = BufWriter::new(out);
    let mut head = store.audit_start().await?;
    let mut number = 0;
    loop {
        let page = store.audit_entries(head.id).await?;
        if page.is_empty() {
            break;
        }
        for (entry, hash) in page {
            head = Head { id: entry.id, hash: hash.clone() };
            let time = Timestamp::from_microsecond(entry.at)?;
            serde_json::to_writer(&mut out, &Exported { entry, time, hash })?;
            out.write_all(b"\n")?;
            number += 1;
        }
    }
    serde_json::to_writer(&mut out, &head)?;
    out.write_all(b"\n")?;
    out.into_inner()?.sync_all()?;
    Ok((number, head))
}

/// A new file for its owner only.
pub(crate) fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
