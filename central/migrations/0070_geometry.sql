-- The geometry of a calibration as its agent told it, the text of a calibration.toml; absent until it did.
ALTER TABLE calibrations ADD COLUMN body TEXT;
