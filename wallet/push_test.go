package wallet_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/bot"
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
