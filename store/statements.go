package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// runner runs statements: in a transaction, or each by itself.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// watched wraps what runs a store's statements, so that tests see them.
var watched = func(r runner) runner { return r }

// prepared has each statement read once: SQLite takes longer to read one than to
// run it. pgx does the same for PostgreSQL by itself.
type prepared struct {
	runner
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
	known   sync.Map // text → *sql.Stmt
}

func newPrepared(over interface {
	runner
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}) *prepared {
	return &prepared{runner: over, prepare: over.PrepareContext}
}

// statement is nil where the text has no meaning; then the runner says why.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	if known, ok := p.known.Load(query); ok {
		return known.(*sql.Stmt) //nolint:forcetypeassert // nothing else is stored
	}
	stmt, err := p.prepare(ctx, query)
	if err != nil {
		return nil
	}
	known, was := p.known.LoadOrStore(query, stmt)
	if was {
		_ = stmt.Close() //nolint:sqlclosecheck // the other one stays
	}
	return known.(*sql.Stmt) //nolint:forcetypeassert // as above
}

// ExecContext runs a statement without rows.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := p.statement(ctx, query); stmt != nil { //nolint:sqlclosecheck // it stays for the next time
		return stmt.ExecContext(ctx, args...)
	}
	return p.runner.ExecContext(ctx, query, args...)
}

// QueryContext runs a statement with rows.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := p.statement(ctx, query); stmt != nil { //nolint:sqlclosecheck // it stays for the next time
		return stmt.QueryContext(ctx, args...)
	}
	return p.runner.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a statement with one row.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := p.statement(ctx, query); stmt != nil { //nolint:sqlclosecheck // it stays for the next time
		return stmt.QueryRowContext(ctx, args...)
	}
	return p.runner.QueryRowContext(ctx, query, args...)
}

// transaction is an open one. Its context is that of whoever runs it.
type transaction struct {
	runner
	ctx context.Context //nolint:containedctx // lives for one transaction
	// after runs once the transaction is on disk.
	after []func()
}

// committed has f run once the transaction is on disk.
func (t *transaction) committed(f func()) { t.after = append(t.after, f) }

func (t *transaction) done() {
	for _, f := range t.after {
		f()
	}
}

// exec returns how many rows were changed.
func (t *transaction) exec(query string, args ...any) (int64, error) {
	r, err := t.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insertAtOnce is how many rows one statement inserts.
const insertAtOnce = 100

// insert inserts rows that many at a time: a large order would ask the database
// tens of thousands of times. into begins the statement, and end ends it.
func (t *transaction) insert(into, end string, rows [][]any) error {
	for some := range slices.Chunk(rows, insertAtOnce) {
		var values []string
		var args []any
		for _, row := range some {
			var marks []string
			for _, v := range row {
				args = append(args, v)
				marks = append(marks, "$"+strconv.Itoa(len(args)))
			}
			values = append(values, "("+strings.Join(marks, ", ")+")")
		}
		if _, err := t.exec(into+" VALUES "+strings.Join(values, ", ")+end, args...); err != nil {
			return err
		}
	}
	return nil
}

// changed runs an update that must change one row; else the claim was lost.
func (t *transaction) changed(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n != 1 {
		return ErrLost
	}
	return err
}

func (t *transaction) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, query, args...)
}

// strings reads one column.
func (t *transaction) strings(query string, args ...any) ([]string, error) {
	rows, err := t.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return column(rows)
}

// column reads all rows of one column and closes them.
func column(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// collect reads all rows of a statement.
func collect[T any](ctx context.Context, r runner, scan func(scanner) (*T, error), query string, args ...any) ([]T, error) {
	rows, err := r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, *v)
	}
	return out, rows.Err()
}
