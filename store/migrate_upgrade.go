package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/passhook/passhook/integrations"
)

// upgradeVersion stands between those of the files in migrations.
const upgradeVersion = 5

// upgradeOld takes along what SQL alone cannot read from a store of an earlier
// passhook, and drops the tables of the queue that it had.
func upgradeOld(ctx context.Context, tx *sql.Tx, dialect goose.Dialect) error {
	if err := keepReferences(ctx, tx); err != nil {
		return fmt.Errorf("the refs of passes: %w", err)
	}
	tables, jobs := "SELECT count(*) FROM sqlite_master WHERE name = 'river_job'", "SELECT json(args) FROM river_job WHERE finalized_at IS NULL"
	if dialect == goose.DialectPostgres {
		tables, jobs = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('river_job')", "SELECT args::text FROM river_job WHERE finalized_at IS NULL"
	}
	var queue int
	if err := tx.QueryRowContext(ctx, tables).Scan(&queue); err != nil || queue == 0 {
		return err
	}
	if err := keepReplays(ctx, tx, jobs); err != nil {
		return fmt.Errorf("the replays that wait: %w", err)
	}
	drop := []string{"DROP TABLE IF EXISTS river_client_queue", "DROP TABLE IF EXISTS river_client", "DROP TABLE IF EXISTS river_job", "DROP TABLE IF EXISTS river_leader",
		"DROP TABLE IF EXISTS river_queue", "DROP TABLE IF EXISTS river_notification", "DROP TABLE IF EXISTS river_migration"}
	if dialect == goose.DialectPostgres {
		drop = append(drop, "DROP FUNCTION IF EXISTS river_job_state_in_bitmask", "DROP TYPE IF EXISTS river_job_state")
	}
	for _, statement := range drop {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// keepReferences moves what a buyer could choose, Stripe's client_reference_id,
// out of the refs by which events find passes.
func keepReferences(ctx context.Context, tx *sql.Tx) error {
	after := ""
	for {
		rows, err := tx.QueryContext(ctx, "SELECT passes.serial, data FROM passes JOIN events ON events.id = event_id WHERE passes.source = 'stripe' AND serial > $1 ORDER BY serial LIMIT 500", after)
		if err != nil {
			return err
		}
		chosen, last, err := chosenReferences(rows)
		if err != nil || last == "" {
			return err
		}
		for serial, reference := range chosen {
			_, err := tx.ExecContext(ctx, "INSERT INTO pass_refs (ref, serial) VALUES ($1, $2) ON CONFLICT DO NOTHING", integrations.ReferencePrefix+reference, serial)
			if err == nil {
				_, err = tx.ExecContext(ctx, "DELETE FROM pass_refs WHERE ref = $1 AND serial = $2", reference, serial)
			}
			if err != nil {
				return err
			}
		}
		after = last
	}
}

// chosenReferences are those of one page, by serial number, and its last serial
// number.
func chosenReferences(rows *sql.Rows) (chosen map[string]string, last string, err error) {
	defer rows.Close()
	chosen = map[string]string{}
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&last, &data); err != nil {
			return nil, "", err
		}
		var o struct {
			ID        string `json:"id"`
			Reference string `json:"client_reference_id"`
		}
		if json.Unmarshal(data, &o) == nil && o.Reference != "" && o.Reference != o.ID {
			chosen[last] = o.Reference
		}
	}
	return chosen, last, rows.Err()
}

// keepReplays reopens the events whose replay stood in the queue alone.
func keepReplays(ctx context.Context, tx *sql.Tx, jobs string) error {
	rows, err := tx.QueryContext(ctx, jobs)
	if err != nil {
		return err
	}
	all, err := column(rows)
	if err != nil {
		return err
	}
	for _, text := range all {
		var job struct {
			What string   `json:"what"`
			IDs  []string `json:"ids"`
		}
		if !strings.Contains(text, "replay") || json.Unmarshal([]byte(text), &job) != nil || job.What != "replay" {
			continue
		}
		for _, id := range job.IDs {
			if _, err := tx.ExecContext(ctx, "UPDATE events SET state = 'pending', claimed = false, note = '', attention = '', since = $2, settled = 0, told = false WHERE id = $1", id, time.Now().UnixMilli()); err != nil {
				return err
			}
		}
	}
	return nil
}
