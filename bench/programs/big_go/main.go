// Command big_go uses much of the standard library: its module is the big one that the validator is measured on.
package main

import (
	"compress/flate"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"html/template"
	"image/png"
	"net/http"
	"os"
	"regexp"
)

func main() {
	fmt.Println(flate.BestSpeed, tls.VersionName(tls.VersionTLS13), regexp.MustCompile("a+").String())
	fmt.Println(png.BestSpeed, http.StatusText(200), types.Universe.Len() > 0, template.HTMLEscapeString("<"))
	_ = json.NewEncoder(os.Stdout).Encode(map[string]int{"a": 1})
	_ = xml.NewEncoder(os.Stdout).Encode([]int{1})
	_, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a", 0)
	fmt.Println(err, new(types.Config), http.DefaultClient != nil)
	if len(os.Args) > 5 {
		_ = http.ListenAndServe("", nil)
		_, _ = new(types.Config).Check("a", token.NewFileSet(), nil, nil)
		_ = template.Must(template.New("a").Parse("{{.}}")).Execute(os.Stdout, 1)
	}
}
