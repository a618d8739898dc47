package cli

import "github.com/spf13/cobra"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.document(struct {
					Version string `json:"version"`
				}{a.program.Version})
			}
			a.printf("%s %s\n", a.program.Name, a.program.Version)
			return nil
		},
	}
}
