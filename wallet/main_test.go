package wallet_test

import (
	"os"
	"testing"

	"github.com/passhook/passhook/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
