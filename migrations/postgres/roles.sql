-- Least privilege, to be run once by the owner of the schema after `crosscheck migrate`, in the database of crosscheck.
-- Not a migration: names of roles are yours. The role that runs `migrate` owns the tables and is used for nothing else.
--
-- The worker inserts and reads. What it may change is the lease, the checkpoint (where to go on) and the state of a
-- generation: it cannot update or delete a window or its inputs, a finding, a verdict or a command.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO crosscheck_worker;
GRANT SELECT ON schema_versions TO crosscheck_worker;
GRANT SELECT, INSERT ON generations, commands, contracts, leases, checkpoints, windows, window_inputs, bad_counts, findings, verdicts,
    secrets
    TO crosscheck_worker;
GRANT UPDATE (state, closing_ms, closed_ms) ON generations TO crosscheck_worker;
GRANT UPDATE (epoch, owner, token, expires_ms, commits, frontier_ms) ON leases TO crosscheck_worker;
GRANT UPDATE (body, state) ON checkpoints TO crosscheck_worker;

-- `verdict`, `report`, `release list`: read only, without the key of the findings' hashes.
GRANT USAGE ON SCHEMA public TO crosscheck_reader;
GRANT SELECT ON schema_versions, generations, commands, contracts, leases, checkpoints, windows, window_inputs, bad_counts, findings,
    verdicts TO crosscheck_reader;
