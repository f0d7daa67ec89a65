-- What a final window has at the profiled paths: counts by bin, never a value. Null where nothing is profiled. Written with the
-- window and never changed; base64 of zstd of JSON.

ALTER TABLE windows ADD COLUMN profile TEXT;
