-- Days of the public calendar of years that an administrator brought; what is built in of such a year does not count.
CREATE TABLE public_days (
    day     TEXT PRIMARY KEY,
    -- The holiday's name; null on a weekend day that is worked.
    holiday TEXT
);
