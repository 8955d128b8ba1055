//! Reading the log: by whoever may, and by those whom the entries concern.

use super::chain::{AuditRow, COLUMNS, entry};
use crate::audit::Entry;
use crate::store::{Sql, Store, StoreError, micros, time};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};

/// An entry as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// The entry.
    pub entry: Entry,
    /// When.
    pub at: Timestamp,
    /// The account's name; none for central itself, and for an account that is gone.
    pub name: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// The name of the account that it is about, if it is about one.
    pub about: Option<String>,
}

/// Which entries; every field narrows.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// Only what concerns one of these halls, or none in particular; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
    /// Only by the account of this name.
    pub name: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Entries older than this number; for the next page.
    pub before: Option<i64>,
}

/// A time in which somebody was posted at a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The hall.
    pub hall: HallId,
    /// The window.
    pub window: WindowId,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub to: Timestamp,
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    #[sqlx(flatten)]
    row: AuditRow,
    name: Option<String>,
    role: Option<String>,
    about: Option<String>,
}

impl Store {
    /// The entries that pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses(&self, filter: &AccessFilter, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        let mut query = named();
        if let Some(halls) = &filter.halls {
            query.push(" AND (u.hall IS NULL OR u.hall = '*' OR u.hall IN ");
            query.bind_list(halls.iter().map(HallId::as_str)).push(")");
        }
        if let Some(name) = &filter.name {
            query.push(" AND a.name = ").bind(name);
        }
        if let Some(action) = &filter.action {
            query.push(" AND u.action = ").bind(action);
        }
        if let Some(from) = filter.from {
            query.push(" AND u.at >= ").bind(micros(from));
        }
        if let Some(to) = filter.to {
            query.push(" AND u.at < ").bind(micros(to));
        }
        if let Some(before) = filter.before {
            query.push(" AND u.id < ").bind(before);
        }
        query.push(" ORDER BY u.id DESC LIMIT ").bind(i64::from(limit));
        let rows: Vec<NamedRow> = query.query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(access_row).collect())
    }

    /// Who looked at what happened at these windows in these times: at one of the events there, or at a view that held
    /// them. Newest first, at most `limit`; `before` is the number of the last one on the page before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn who_looked(
        &self,
        posted: &[Posted],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AccessRow>, StoreError> {
        let mut found: Vec<AccessRow> = Vec::new();
        // In parts, so that no statement grows with somebody's years of service.
        for posted in posted.chunks(50) {
            let mut query = named();
            query.push(" AND u.id < ").bind(before.unwrap_or(i64::MAX)).push(" AND (");
            for (n, post) in posted.iter().enumerate() {
                let (from, to) = (micros(post.from), micros(post.to));
                query.push(if n == 0 { "" } else { " OR " });
                query.push("(u.event_id IS NULL AND u.at >= ").bind(from);
                query.push(" AND (u.hall = '*' OR u.hall = ").bind(post.hall.as_str());
                query.push(") AND (u.window_id IS NULL OR u.window_id = ").bind(post.window.as_str());
                query.push(") AND (u.from_at IS NULL OR u.from_at < ").bind(to);
                query.push(") AND (u.to_at IS NULL OR u.to_at > ").bind(from);
                query
                    .push(")) OR u.event_id IN (SELECT e.id FROM episodes e WHERE e.hall = ")
                    .bind(post.hall.as_str());
                query.push(" AND e.window_id = ").bind(post.window.as_str());
                query.push(" AND e.opened_at >= ").bind(from).push(" AND e.opened_at < ").bind(to).push(")");
            }
            query.push(") ORDER BY u.id DESC LIMIT ").bind(i64::from(limit));
            let rows: Vec<NamedRow> = query.query_as().fetch_all(&self.pool).await?;
            found.extend(rows.into_iter().map(access_row));
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.entry.id));
        found.dedup_by_key(|row| row.entry.id);
        found.truncate(limit as usize);
        Ok(found)
    }
}

fn named() -> Sql {
    let mut query = Sql::new("SELECT ");
    query.push(COLUMNS).push(", a.name, a.role, b.name AS about");
    query.push(" FROM audit u LEFT JOIN accounts a ON a.id = u.account_id");
    // What is about an account begins with its id.
    query.push(" LEFT JOIN accounts b ON b.id = SUBSTR(u.subject, 1, 36) WHERE TRUE");
    query
}

fn access_row(named: NamedRow) -> AccessRow {
    let (entry, _) = entry(named.row);
    AccessRow { at: time(entry.at), entry, name: named.name, role: named.role, about: named.about }
}
