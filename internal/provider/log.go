package provider

// logVariables are the environment variables that ask for a provider's logs:
// Terraform's own, and those of its plugin libraries.
var logVariables = []string{
	"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_PORTAL",
	"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO_DATA_DIR",
}

// SilenceTrace turns the plugin libraries' log off if nobody has asked for
// one, by environment variable; call it before serving. By default they write
// some twenty lines of JSON a call at level trace, which Terraform reads,
// decodes and throws away: about a third of what a refresh costs.
func SilenceTrace(getenv func(string) string, setenv func(name, value string) error) error {
	for _, name := range logVariables {
		if getenv(name) != "" {
			return nil
		}
	}
	return setenv("TF_LOG_SDK", "off")
}
