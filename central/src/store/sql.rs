//! What statements for both databases need beyond sqlx: numbered parameters while a statement grows, and truth values.

use super::Db;
use sqlx::any::{AnyArguments, AnyRow, AnyTypeInfo, AnyTypeInfoKind, AnyValueRef};
use sqlx::error::BoxDynError;
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{Arguments, AssertSqlSafe, Decode, Encode, FromRow, SqlSafeStr, Type};

/// A statement put together from parts. Text comes from this program alone; values are bound.
#[derive(Default)]
pub(super) struct Sql {
    text: String,
    values: AnyArguments,
    wrong: Option<BoxDynError>,
}

impl Sql {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Begins with text whose names were looked up in the database.
    pub(super) fn unchecked(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    pub(super) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends `$n` and binds the value to it.
    pub(super) fn bind<'v>(&mut self, value: impl Encode<'v, Db> + Type<Db>) -> &mut Self {
        if let Err(error) = self.values.add(value) {
            self.wrong = Some(error);
        }
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Appends `($1, $2, …)`; an empty list matches nothing.
    pub(super) fn bind_list<'v, T: Encode<'v, Db> + Type<Db>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let mut separator = "(";
        for value in values {
            self.push(separator).bind(value);
            separator = ", ";
        }
        self.push(if separator == "(" { "(NULL)" } else { ")" })
    }

    pub(super) fn query(self) -> Query<'static, Db, AnyArguments> {
        sqlx::query_with(AssertSqlSafe(self.text).into_sql_str(), self.values)
    }

    pub(super) fn query_as<T: for<'r> FromRow<'r, AnyRow>>(self) -> QueryAs<'static, Db, T, AnyArguments> {
        sqlx::query_as_with(AssertSqlSafe(self.text).into_sql_str(), self.values)
    }

    pub(super) fn query_scalar<T>(self) -> QueryScalar<'static, Db, T, AnyArguments>
    where
        (T,): for<'r> FromRow<'r, AnyRow>,
    {
        sqlx::query_scalar_with(AssertSqlSafe(self.text).into_sql_str(), self.values)
    }
}

/// A BOOLEAN column as it is read; SQLite answers with a number. Bind plain `bool`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl Type<Db> for Flag {
    fn type_info() -> AnyTypeInfo {
        <bool as Type<Db>>::type_info()
    }

    fn compatible(kind: &AnyTypeInfo) -> bool {
        kind.kind() == AnyTypeInfoKind::Bool || <i64 as Type<Db>>::compatible(kind)
    }
}

impl<'r> Decode<'r, Db> for Flag {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        <bool as Decode<Db>>::decode(value.clone())
            .or_else(|_| <i64 as Decode<Db>>::decode(value).map(|number| number != 0))
            .map(Self)
    }
}
