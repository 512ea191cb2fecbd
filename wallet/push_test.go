package wallet_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/standins"
)

func TestAChangedTemplateIsPushedToItsPhonesOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		_, held := s.phone(t, "ada", s.pass(t))
		ticket := s.Call(t, http.MethodPost, "/api/pkpass", `{"template": "concert", "inputs": {"holder": "Grace Hopper"}}`, "Authorization", "Bearer "+shopKey)
		_, other := s.phone(t, "grace", ticket.Body)
		for _, name := range []string{"concert", "nothing"} {
			e, err := bot.PushTemplate(name, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Store.Accept(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		apptest.Until(t, "the phone with the ticket is woken", func() bool { return len(s.apns.Pushes()) > 0 })
		if a := s.Call(t, http.MethodGet, "/wallet/v1/devices/grace/registrations/"+other.PassType, nil); a.Code != http.StatusOK {
			t.Errorf("%d %s", a.Code, a.Body)
		}
		e, err := bot.OwnEvent(bot.TypePush, held.Serial, nil, bot.ByOperator, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Store.Accept(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the other phone is woken", func() bool { return len(s.apns.Pushes()) > 1 })
		if pushes := s.apns.Pushes(); len(pushes) != 2 || pushes[0].Token != "token-grace" || pushes[1].Token != "token-ada" {
			t.Errorf("%+v", pushes)
		}
	})
}

// A changed template may have files that are older than those before, as from an
// image or a backup.
func TestWhatIsPushedIsFetchedHoweverOldTheFilesOfItsTemplate(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		ticket := s.Call(t, http.MethodPost, "/api/pkpass", `{"template": "concert", "inputs": {"holder": "Grace Hopper"}}`, "Authorization", "Bearer "+shopKey)
		phone := standins.NewPhone("grace", "token-grace", http.DefaultClient)
		held, _, err := phone.Add(t.Context(), ticket.Body)
		if err != nil {
			t.Fatal(err)
		}
		refresh := func() int {
			fetched, err := phone.Refresh(t.Context(), s.URL+"/wallet", held.PassType)
			if err != nil {
				t.Fatal(err)
			}
			return len(fetched)
		}
		s.change(t, http.MethodDelete, held.Serial, "", nil)
		apptest.Until(t, "the phone is woken", func() bool { return len(s.apns.Pushes()) == 1 })
		if n := refresh(); n != 1 {
			t.Fatalf("after a void: %d passes", n)
		}
		for _, push := range []func() (integrations.Event, error){
			func() (integrations.Event, error) { return bot.PushTemplate("concert", time.Now()) },
			func() (integrations.Event, error) {
				return bot.OwnEvent(bot.TypePush, held.Serial, nil, bot.ByOperator, time.Now())
			},
		} {
			before := len(s.apns.Pushes())
			e, err := push()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Store.Accept(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			apptest.Until(t, "the phone is woken", func() bool { return len(s.apns.Pushes()) > before })
			s.Call(t, http.MethodGet, "/wallet/v1/devices/grace/registrations/"+held.PassType, nil)
			s.Call(t, http.MethodHead, "/wallet/v1/passes/"+held.PassType+"/"+held.Serial, nil, "Authorization", "ApplePass "+held.JSON["authenticationToken"].(string))
			if behind, err := s.Store.Behind(t.Context(), held.Serial); err != nil || !behind {
				t.Errorf("after a HEAD the phone is behind: %v %v", behind, err)
			}
			if n := refresh(); n != 1 {
				t.Errorf("after a push: %d passes", n)
			}
			if fetched, err := phone.Fetch(t.Context(), held.Serial); err != nil || fetched {
				t.Errorf("asked once more: %v %v", fetched, err)
			}
		}
	})
}
