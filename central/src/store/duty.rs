//! Shifts and rosters.

use super::audit::append;
use super::public_days::public_years;
use super::{
    Access, Account, Change, Flag, Sql, Store, StoreError, Transaction, id, json, micros, suspended, time,
};
use crate::duty::{Calendar, Cell, Post, Shift, Stretch, zone};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::policy::Span;
use jiff::ToSpan as _;
use jiff::civil::Date;
use sqlx::AnyConnection;
use std::collections::BTreeMap;

/// Somebody who can be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// The account's id.
    pub id: String,
    /// What is typed at the sign-in.
    pub name: String,
    /// What people call them; may be empty.
    pub display_name: String,
}

/// All that a page of a hall's duty shows.
#[derive(Debug, Clone)]
pub struct Duty {
    /// The shifts, by id.
    pub shifts: Vec<Shift>,
    /// The hall's own days.
    pub calendar: Calendar,
    /// Who is posted.
    pub cells: Vec<Cell>,
    /// Planned times without service.
    pub pauses: Vec<super::Pause>,
    /// Who can be posted.
    pub staff: Vec<StaffMember>,
}

/// Why a roster cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterProblem {
    /// No such shift.
    #[error("there is no shift {0:?}")]
    Shift(String),
    /// No such staff member in the hall.
    #[error("{0:?} is no staff member of this hall")]
    Staff(String),
}

impl Store {
    /// Writes a shift down. Posts from today on follow its hours; what was stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_shift(
        &self,
        by: &Account,
        hall: &HallId,
        shift: &Shift,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        let spans = |spans: &[Span]| {
            serde_json::to_string(&spans.iter().map(text_of).collect::<Vec<_>>()).unwrap_or_default()
        };
        sqlx::query(
            "INSERT INTO shifts (hall, id, name, hours, breaks) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (hall, id) DO UPDATE SET name = excluded.name, hours = excluded.hours, breaks = excluded.breaks",
        )
        .bind(hall.as_str())
        .bind(&shift.id)
        .bind(&shift.name)
        .bind(spans(&shift.hours))
        .bind(spans(&shift.breaks))
        .execute(&mut *tx)
        .await?;
        let today = now.to_zoned(zone()).date();
        let posted: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT DISTINCT day, window_id, account_id FROM posts WHERE hall = $1 AND shift = $2 AND day >= $3",
        )
        .bind(hall.as_str())
        .bind(&shift.id)
        .bind(today.to_string())
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM posts WHERE hall = $1 AND shift = $2 AND day >= $3")
            .bind(hall.as_str())
            .bind(&shift.id)
            .bind(today.to_string())
            .execute(&mut *tx)
            .await?;
        for (day, window, account) in posted {
            post(&mut tx, hall, id("posts", &day)?, shift, &window, &account).await?;
        }
        let since = Stretch { from: day_start(today), to: Timestamp::MAX };
        self.edited(tx, by, Access::to("edit_shift").about(&shift.id), hall, since, now).await
    }

    /// Removes a shift with its posts from today on. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_shift(
        &self,
        by: &Account,
        hall: &HallId,
        shift: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM shifts WHERE hall = $1 AND id = $2")
            .bind(hall.as_str())
            .bind(shift)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let today = now.to_zoned(zone()).date();
        sqlx::query("DELETE FROM posts WHERE hall = $1 AND shift = $2 AND day >= $3")
            .bind(hall.as_str())
            .bind(shift)
            .bind(today.to_string())
            .execute(&mut *tx)
            .await?;
        let since = Stretch { from: day_start(today), to: Timestamp::MAX };
        self.edited(tx, by, Access::to("remove_shift").about(shift), hall, since, now).await.map(Some)
    }

    /// Posts people: each cell says who is at a window in a shift of a day, in place of whoever was.
    ///
    /// # Errors
    /// When the database fails. Inside: what is wrong with the first wrong cell; then nothing was taken.
    pub async fn put_roster(
        &self,
        by: &Account,
        hall: &HallId,
        cells: &[Cell],
        now: Timestamp,
    ) -> Result<Result<Vec<Change>, RosterProblem>, StoreError> {
        let mut tx = self.begin().await?;
        let shifts = shifts(&mut tx, hall).await?;
        let staff = staff(&mut tx, hall).await?;
        for cell in cells {
            let Some(shift) = shifts.iter().find(|shift| shift.id == cell.shift) else {
                return Ok(Err(RosterProblem::Shift(cell.shift.clone())));
            };
            sqlx::query("DELETE FROM posts WHERE hall = $1 AND day = $2 AND shift = $3 AND window_id = $4")
                .bind(hall.as_str())
                .bind(cell.day.to_string())
                .bind(&shift.id)
                .bind(cell.window.as_str())
                .execute(&mut *tx)
                .await?;
            for who in &cell.staff {
                if !staff.iter().any(|member| member.id == *who) {
                    return Ok(Err(RosterProblem::Staff(who.clone())));
                }
                post(&mut tx, hall, cell.day, shift, cell.window.as_str(), who).await?;
            }
        }
        let days = cells.iter().map(|cell| cell.day);
        let (first, last) = (days.clone().min(), days.max());
        let Some((first, last)) = first.zip(last) else { return Ok(Ok(Vec::new())) };
        let time = Stretch { from: day_start(first), to: day_start(last.saturating_add(1.day())) };
        let note = Access::to("edit_duty")
            .during(Some(time.from), Some(time.to))
            .about(format!("cells={}", cells.len()));
        self.edited(tx, by, note, hall, time, now).await.map(Ok)
    }

    /// Somebody's posts that meet a time, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn posts_of(&self, account: &str, time: Stretch) -> Result<Vec<Post>, StoreError> {
        let mut query = Sql::new(POSTS);
        query.push(" AND account_id = ").bind(account.to_owned());
        meeting(&mut query, time);
        let rows: Vec<PostRow> = query.query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(post_row).collect()
    }

    /// Whether somebody was posted where an event began.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_posted(&self, account: &str, event: &Event) -> Result<bool, StoreError> {
        match &event.window {
            Some(window) => self.was_posted_at(account, &event.hall, window, event.opened_at).await,
            None => Ok(false),
        }
    }

    /// Whether somebody was posted at a window at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_posted_at(
        &self,
        account: &str,
        hall: &HallId,
        window: &WindowId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT shift FROM posts WHERE account_id = $1 AND hall = $2 AND window_id = $3 AND from_at <= $4 AND to_at > $4 LIMIT 1",
        )
        .bind(account)
        .bind(hall.as_str())
        .bind(window.as_str())
        .bind(micros(at))
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// Everybody's posts in a hall that meet a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn posts_in(&self, hall: &HallId, time: Stretch) -> Result<Vec<Post>, StoreError> {
        posts_in(&mut *self.pool.acquire().await?, hall, time).await
    }

    /// A hall's shifts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shifts(&self, hall: &HallId) -> Result<Vec<Shift>, StoreError> {
        shifts(&mut *self.pool.acquire().await?, hall).await
    }

    /// A hall's own days.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calendar(&self, hall: &HallId) -> Result<Calendar, StoreError> {
        calendar(&mut *self.pool.acquire().await?, hall).await
    }

    /// Shifts, calendar, roster and pauses of some days; both days included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn duty(&self, hall: &HallId, from: Date, to: Date) -> Result<Duty, StoreError> {
        let db = &mut *self.pool.acquire().await?;
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT DISTINCT day, window_id, shift, account_id FROM posts
             WHERE hall = $1 AND day >= $2 AND day <= $3 ORDER BY day, window_id, shift, account_id",
        )
        .bind(hall.as_str())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(&mut *db)
        .await?;
        let mut cells: BTreeMap<(Date, WindowId, String), Vec<String>> = BTreeMap::new();
        for (day, window, shift, account) in rows {
            cells.entry((id("posts", &day)?, id("posts", &window)?, shift)).or_default().push(account);
        }
        let time = Stretch { from: day_start(from), to: day_start(to.saturating_add(1.day())) };
        Ok(Duty {
            shifts: shifts(db, hall).await?,
            calendar: calendar(db, hall).await?,
            cells: cells
                .into_iter()
                .map(|((day, window, shift), staff)| Cell { day, window, shift, staff })
                .collect(),
            pauses: super::rests::pauses(db, hall, time).await?,
            staff: staff(db, hall).await?,
        })
    }

    /// Notes an edit, looks again at the events that it is about, and commits both with it.
    pub(super) async fn edited(
        &self,
        mut tx: Transaction,
        by: &Account,
        note: Access,
        hall: &HallId,
        time: Stretch,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let changes = suspended::look_again(&mut tx, hall, time, now).await?;
        let head = append(&mut tx, &by.id, &note.in_halls(Some(std::slice::from_ref(hall))), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(changes)
    }
}

/// When a day begins in the halls' time zone.
pub(super) fn day_start(day: Date) -> Timestamp {
    day.to_zoned(zone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp())
}

/// A span as the configuration writes it.
fn text_of(span: &Span) -> String {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    format!("{}-{}", clock(span.from), clock(span.to))
}

async fn post(
    tx: &mut Transaction,
    hall: &HallId,
    day: Date,
    shift: &Shift,
    window: &str,
    account: &str,
) -> Result<(), StoreError> {
    for stretch in shift.worked_on(day, &zone()) {
        sqlx::query(
            "INSERT INTO posts (hall, day, shift, window_id, account_id, from_at, to_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        )
        .bind(hall.as_str())
        .bind(day.to_string())
        .bind(&shift.id)
        .bind(window)
        .bind(account)
        .bind(micros(stretch.from))
        .bind(micros(stretch.to))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

const POSTS: &str = "SELECT account_id, hall, window_id, day, shift, from_at, to_at FROM posts WHERE TRUE";
type PostRow = (String, String, String, String, String, i64, i64);

fn meeting(query: &mut Sql, time: Stretch) {
    query.push(" AND from_at < ").bind(micros(time.to)).push(" AND to_at > ").bind(micros(time.from));
    query.push(" ORDER BY from_at, window_id, account_id");
}

fn post_row((account, hall, window, day, shift, from, to): PostRow) -> Result<Post, StoreError> {
    Ok(Post {
        account,
        hall: id("posts", &hall)?,
        window: id("posts", &window)?,
        day: id("posts", &day)?,
        shift,
        stretch: Stretch { from: time(from), to: time(to) },
    })
}

pub(super) async fn posts_in(
    db: &mut AnyConnection,
    hall: &HallId,
    time: Stretch,
) -> Result<Vec<Post>, StoreError> {
    let mut query = Sql::new(POSTS);
    query.push(" AND hall = ").bind(hall.as_str().to_owned());
    meeting(&mut query, time);
    let rows: Vec<PostRow> = query.query_as().fetch_all(db).await?;
    rows.into_iter().map(post_row).collect()
}

pub(super) async fn shifts(db: &mut AnyConnection, hall: &HallId) -> Result<Vec<Shift>, StoreError> {
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT id, name, hours, breaks FROM shifts WHERE hall = $1 ORDER BY hours, id")
            .bind(hall.as_str())
            .fetch_all(db)
            .await?;
    let spans = |text: &str| -> Result<Vec<Span>, StoreError> {
        let texts: Vec<String> = json("shifts", text)?;
        Ok(texts.iter().filter_map(|text| Span::parse(text)).collect())
    };
    rows.into_iter()
        .map(|(id, name, hours, breaks)| {
            Ok(Shift { id, name, hours: spans(&hours)?, breaks: spans(&breaks)? })
        })
        .collect()
}

pub(super) async fn calendar(db: &mut AnyConnection, hall: &HallId) -> Result<Calendar, StoreError> {
    let rows: Vec<(String, Flag)> = sqlx::query_as("SELECT day, worked FROM calendar_days WHERE hall = $1")
        .bind(hall.as_str())
        .fetch_all(&mut *db)
        .await?;
    let own = rows
        .into_iter()
        .map(|(day, Flag(worked))| Ok((id("calendar_days", &day)?, worked)))
        .collect::<Result<_, StoreError>>()?;
    Ok(Calendar { own, brought: public_years(db).await? })
}

async fn staff(db: &mut AnyConnection, hall: &HallId) -> Result<Vec<StaffMember>, StoreError> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT a.id, a.name, a.display_name FROM accounts a WHERE a.role = 'staff' AND a.left_at IS NULL AND EXISTS
            (SELECT 1 FROM account_halls h WHERE h.account_id = a.id AND (h.hall = $1 OR h.hall = '*')) ORDER BY a.name",
    )
    .bind(hall.as_str())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, name, display_name)| StaffMember { id, name, display_name }).collect())
}
