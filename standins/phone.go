package standins

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// Phone plays an iPhone with Apple Wallet: it adds passes, registers them, and
// asks for what changed when it is woken.
// https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
type Phone struct {
	// Library is its id, and Token where it is woken.
	Library, Token string
	client         *http.Client

	mu     sync.Mutex
	passes map[string]*HeldPass
	// tags are what the service gave last, by pass type.
	tags map[string]string
}

// HeldPass is a pass as the phone has it.
type HeldPass struct {
	Serial, PassType string
	// JSON is pass.json.
	JSON map[string]any

	service, token, modified string
}

// NewPhone is a phone that reaches servers through client.
func NewPhone(library, token string, client *http.Client) *Phone {
	return &Phone{Library: library, Token: token, client: client, passes: map[string]*HeldPass{}, tags: map[string]string{}}
}

// open reads a package.
func open(pkg []byte) (*HeldPass, error) {
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		return nil, err
	}
	f, err := z.Open("pass.json")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var p HeldPass
	if err := json.NewDecoder(f).Decode(&p.JSON); err != nil {
		return nil, err
	}
	text := func(key string) string { s, _ := p.JSON[key].(string); return s }
	p.Serial, p.PassType, p.service, p.token = text("serialNumber"), text("passTypeIdentifier"), text("webServiceURL"), text("authenticationToken")
	return &p, nil
}

// Add takes a package in and registers it. The status is the service's.
func (p *Phone) Add(ctx context.Context, pkg []byte) (*HeldPass, int, error) {
	held, err := open(pkg)
	if err != nil {
		return nil, 0, err
	}
	p.mu.Lock()
	p.passes[held.Serial] = held
	p.mu.Unlock()
	status, err := p.Register(ctx, held)
	return held, status, err
}

func (p *Phone) registration(h *HeldPass) string {
	return h.service + "/v1/devices/" + url.PathEscape(p.Library) + "/registrations/" + h.PassType + "/" + h.Serial
}

// Register tells the service where the phone is woken for a pass.
func (p *Phone) Register(ctx context.Context, h *HeldPass) (status int, err error) {
	body, err := json.Marshal(map[string]string{"pushToken": p.Token})
	if err != nil {
		return 0, err
	}
	resp, err := p.ask(ctx, http.MethodPost, p.registration(h), h.token, "", body)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// Pass is a pass as the phone has it now, or nil.
func (p *Phone) Pass(serial string) *HeldPass {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passes[serial]
}

// Refresh does what a phone does when it is woken: it asks which passes of a type
// changed, and fetches them.
func (p *Phone) Refresh(ctx context.Context, service, passType string) (fetched []string, err error) {
	p.mu.Lock()
	tag := p.tags[passType]
	p.mu.Unlock()
	address := service + "/v1/devices/" + url.PathEscape(p.Library) + "/registrations/" + passType
	if tag != "" {
		address += "?passesUpdatedSince=" + url.QueryEscape(tag)
	}
	resp, err := p.ask(ctx, http.MethodGet, address, "", "", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	var list struct {
		SerialNumbers []string
		LastUpdated   string
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the list was answered with %d: %w", resp.StatusCode, err)
	}
	for _, serial := range list.SerialNumbers {
		is, err := p.Fetch(ctx, serial)
		if err != nil {
			return fetched, err
		}
		if is {
			fetched = append(fetched, serial)
		}
	}
	p.mu.Lock()
	p.tags[passType] = list.LastUpdated
	p.mu.Unlock()
	return fetched, nil
}

// Fetch asks for a pass as it is now; fetched is false where it has not changed.
func (p *Phone) Fetch(ctx context.Context, serial string) (fetched bool, err error) {
	held := p.Pass(serial)
	if held == nil {
		return false, nil
	}
	resp, err := p.ask(ctx, http.MethodGet, held.service+"/v1/passes/"+held.PassType+"/"+serial, held.token, held.modified, nil)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		return false, nil
	case http.StatusOK:
	default:
		return false, fmt.Errorf("pass %s was answered with %d", serial, resp.StatusCode)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, err
	}
	now, err := open(b)
	if err != nil {
		return false, err
	}
	now.modified = resp.Header.Get("Last-Modified")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passes[serial] = now
	return true, nil
}

func (p *Phone) ask(ctx context.Context, method, address, token, since string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "ApplePass "+token)
	}
	if since != "" {
		req.Header.Set("If-Modified-Since", since)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return p.client.Do(req)
}
