package sbom

// Bill is a CycloneDX document, as far as we write it.
type Bill struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"` // of the modules' content
	Version      int          `json:"version"`
	Metadata     Metadata     `json:"metadata"`
	Components   []Component  `json:"components"`
	Dependencies []Dependency `json:"dependencies"`
}

// Metadata is what the bill is about, and who wrote it.
type Metadata struct {
	Tools     Tools     `json:"tools"`
	Component Component `json:"component"`
}

// Tools are who wrote it.
type Tools struct {
	Components []Component `json:"components"`
}

// Component is one part.
type Component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref,omitempty"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	PackageURL string     `json:"purl,omitempty"`
	Hashes     []Hash     `json:"hashes,omitempty"`
	Properties []Property `json:"properties,omitempty"`
}

// Hash is of a component's content.
type Hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// Property is what the format has no word for.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Dependency says what a component is made of.
type Dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}
