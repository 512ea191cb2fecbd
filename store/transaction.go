package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// transaction is a *sql.Tx together with its connection, which River's
// PostgreSQL driver needs.
type transaction struct {
	*sql.Tx
	conn *sql.Conn
}

// inTx runs f in one transaction. With SQLite's one connection f must use
// nothing but the transaction.
func (s *Store) inTx(ctx context.Context, f func(*transaction) error) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(&transaction{tx, conn}); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// pgxInTx lets River work in a transaction that database/sql has opened on this
// connection. It begins, commits and rolls back nothing itself.
type pgxInTx struct{ conn *pgx.Conn }

var errOuter = errors.New("the transaction belongs to the store")

func (t pgxInTx) Begin(context.Context) (pgx.Tx, error) { return nil, errOuter }
func (t pgxInTx) Commit(context.Context) error          { return errOuter }
func (t pgxInTx) Rollback(context.Context) error        { return errOuter }
func (t pgxInTx) Conn() *pgx.Conn                       { return t.conn }
func (t pgxInTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }

func (t pgxInTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, src)
}

func (t pgxInTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t pgxInTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, sql)
}

func (t pgxInTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

func (t pgxInTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

func (t pgxInTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}
