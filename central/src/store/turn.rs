//! One writer at a time, in the order in which they came.
//!
//! SQLite has one write lock, and whoever finds it taken looks again now and then: under load a writer can be passed over until its
//! time is up ("database is locked"), while it holds one of the few connections. So writers of one central queue here first, and
//! only the foremost takes a connection and asks the database for the lock.

use super::{Db, Store, StoreError};
use sqlx::AnyConnection;
use sqlx::pool::PoolConnection;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where writers queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<Mutex<()>>);

/// A transaction that writes; rolled back unless committed.
pub(super) struct Transaction {
    // Dropped in this order: the connection is given back before the turn is.
    tx: sqlx::Transaction<'static, Db>,
    _turn: OwnedMutexGuard<()>,
}

/// A connection for one statement that writes.
pub(super) struct Alone {
    connection: PoolConnection<Db>,
    _turn: OwnedMutexGuard<()>,
}

impl Store {
    /// Begins a transaction that will write. They run one after another, as SQLite's one write lock has it: no read in
    /// one is stale, and numbers given in one are committed in their order.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        let turn = self.queue.0.clone().lock_owned().await;
        let (begin, lock) = self.database.write_lock();
        let mut tx = self.pool.begin_with(begin).await?;
        if let Some(lock) = lock {
            sqlx::query(lock).execute(&mut *tx).await?;
        }
        Ok(Transaction { tx, _turn: turn })
    }

    /// For one statement that writes. With a transaction in hand use that instead: this would wait for it.
    pub(super) async fn alone(&self) -> Result<Alone, StoreError> {
        let turn = self.queue.0.clone().lock_owned().await;
        Ok(Alone { connection: self.pool.acquire().await?, _turn: turn })
    }
}

impl Transaction {
    pub(super) async fn commit(self) -> sqlx::Result<()> {
        self.tx.commit().await
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.tx
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }
}

impl Deref for Alone {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Alone {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Database, Store};
    use chuangming_domain::Timestamp;
    use std::time::Duration;

    /// Three times as many writers as connections, each longer at it than the database waits for its lock.
    #[tokio::test]
    async fn writers_queue_and_none_finds_the_database_locked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::File(folder.path().join("central.db"))).await.unwrap();
        let mut all = Vec::new();
        while let Some(mut connection) = store.pool.try_acquire() {
            sqlx::query("PRAGMA busy_timeout = 1").execute(&mut *connection).await.unwrap();
            all.push(connection);
        }
        for _ in all.len()..6 {
            let mut connection = store.pool.acquire().await.unwrap();
            sqlx::query("PRAGMA busy_timeout = 1").execute(&mut *connection).await.unwrap();
            all.push(connection);
        }
        drop(all);
        let now = Timestamp::now();
        let writers: Vec<_> = (0..18)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    if n % 3 == 0 {
                        return store.forgive("nobody").await;
                    }
                    let mut tx = store.begin().await?;
                    sqlx::query("INSERT INTO lockouts (name, failures, locked_until, updated_at) VALUES ($1, 1, $2, $2)")
                        .bind(format!("name-{n}"))
                        .bind(super::super::micros(now))
                        .execute(&mut *tx)
                        .await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(tx.commit().await?)
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let written: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM lockouts").fetch_one(&store.pool).await.unwrap();
        assert_eq!(written, 12);
    }

    /// A transaction that is given up lets the next writer in.
    #[tokio::test]
    async fn what_is_not_committed_is_undone_and_the_next_one_writes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::File(folder.path().join("central.db"))).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        sqlx::query(
            "INSERT INTO lockouts (name, failures, locked_until, updated_at) VALUES ('given-up', 1, 1, 1)",
        )
        .execute(&mut *tx)
        .await
        .unwrap();
        drop(tx);
        store.forgive("nobody").await.unwrap();
        let written: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM lockouts").fetch_one(&store.pool).await.unwrap();
        assert_eq!(written, 0);
    }
}
