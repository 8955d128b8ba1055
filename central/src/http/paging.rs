//! The pages of a list.

use super::problem::Failure;

/// The most that a page holds.
pub(super) const MOST_PER_PAGE: u32 = 200;
const PER_PAGE: u32 = 50;
const LAST_PAGE: u32 = 1_000_000;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    /// Counted from 1.
    pub(super) page: u32,
    /// How many are on a page.
    pub(super) per_page: u32,
}

impl Paging {
    /// Reads `page` and `per_page`: 1 and 50 if not given.
    ///
    /// # Errors
    /// When one is beyond its bounds.
    pub(super) fn of(page: Option<u32>, per_page: Option<u32>) -> Result<Self, Failure> {
        Ok(Self {
            page: within("page", page.unwrap_or(1), LAST_PAGE)?,
            per_page: within("per_page", per_page.unwrap_or(PER_PAGE), MOST_PER_PAGE)?,
        })
    }
}

fn within(name: &str, value: u32, most: u32) -> Result<u32, Failure> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Failure::Invalid(format!("{name} is {value}, expected 1 to {most}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_one_and_bounded() {
        let check = |page, per_page, expected: Option<(u32, u32)>| {
            let read = Paging::of(page, per_page).ok().map(|paging| (paging.page, paging.per_page));
            assert_eq!(read, expected, "page {page:?}, per_page {per_page:?}");
        };
        check(None, None, Some((1, PER_PAGE)));
        check(Some(3), Some(MOST_PER_PAGE), Some((3, MOST_PER_PAGE)));
        check(Some(LAST_PAGE), Some(1), Some((LAST_PAGE, 1)));
        check(Some(0), None, None);
        check(Some(LAST_PAGE + 1), None, None);
        check(None, Some(0), None);
        check(None, Some(MOST_PER_PAGE + 1), None);
    }
}
