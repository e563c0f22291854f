package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/attest"
)

func newVerifyAttestation() *cobra.Command {
	var keys []string
	cmd := &cobra.Command{
		Use:   "verify-attestation FILE [MODULE...]",
		Short: "Say what attestations of verify prove, and of which modules",
		Long: `verify-attestation reads what verify --attest wrote, and believes it when one of the keys has
signed every line. Each MODULE must be one that it is about, by its SHA-256 and its BLAKE3.
It exits with 1 when a signature or a module is not as it should be.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage.Hint(errors.New("verify-attestation takes a file that verify --attest wrote"), "astrid-dev verify-attestation out.intoto.jsonl --key ci.key.pub cap.wasm")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return verifyAttestation(cmd, args[0], args[1:], keys) },
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, "public key of who is believed (astrid-dev key); may be repeated")
	return cmd
}

func verifyAttestation(cmd *cobra.Command, file string, modules, keys []string) error {
	var trusted []*seal.Public
	for _, path := range keys {
		public, err := seal.ReadPublic(path)
		if err != nil {
			return usage.Hint(fmt.Errorf("--key: %w", err), "name the file that ends with "+seal.PublicSuffix)
		}
		trusted = append(trusted, public)
	}
	if len(trusted) == 0 {
		return usage.Hint(errors.New("no key was given, so that nobody is believed"), "give --key FILE.pub; for what cosign signed use cosign verify-blob-attestation")
	}
	list, err := attest.Read(file, trusted)
	switch {
	case errors.Is(err, seal.ErrUnknown):
		fmt.Fprintf(cmd.OutOrStdout(), "not proven: %s: %s\n", text.Name(file), text.Shown(err.Error()))
		return &failedError{count: 1, what: "attestation"}
	case err != nil:
		return usage.New(fmt.Errorf("reading %s: %w", text.Name(file), err))
	}
	wrong := 0
	for _, module := range modules {
		about, err := attest.About(list, module)
		if err != nil {
			return usage.New(err)
		}
		if len(about) == 0 {
			wrong++
			fmt.Fprintf(cmd.ErrOrStderr(), "not proven: %s is none of the modules that %s is about\n", text.Name(module), text.Name(file))
		}
	}
	if err := tellProven(cmd, list); err != nil {
		return err
	}
	if wrong > 0 {
		return &failedError{count: wrong, what: "module"}
	}
	return nil
}

func tellProven(cmd *cobra.Command, list []attest.Proven) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(list)
	}
	for _, p := range list {
		external := p.Predicate.Definition.External
		fmt.Fprintf(out, "proven  %s %s, signed by %s\n", text.Shown(fmt.Sprint(external["capsule"])), text.Shown(fmt.Sprint(external["version"])), p.By)
		for _, s := range p.Subject {
			fmt.Fprintf(out, "  module   %s  sha256 %s\n", text.ShownName(s.Name), text.Shown(s.Digest["sha256"]))
			if on, ok := s.Annotations["linksOn"].([]any); ok && len(on) > 0 {
				fmt.Fprintf(out, "  loads on %s\n", text.Shown(fmt.Sprint(on...)))
			}
		}
		for _, d := range p.Predicate.Definition.Dependencies {
			for kind, digest := range d.Digest {
				fmt.Fprintf(out, "  from     %s  %s %s %s\n", text.Shown(d.Name), text.Shown(kind), text.Shown(digest), text.Shown(d.URI))
			}
		}
	}
	return nil
}
