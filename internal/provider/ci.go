package provider

import (
	"net/url"
	"os"
	"os/user"
)

// ciRun is what a CI system tells of the run it is in.
type ciRun struct {
	name   string // "" where none was recognised
	user   string
	runURL string
}

// ciSystems recognise CI systems by the variables that they document.
var ciSystems = []struct {
	name   string
	marker string // the variable that is set there and nowhere else
	user   func(env func(string) string) string
	runURL func(env func(string) string) string
}{
	{
		// https://docs.github.com/actions/reference/variables-reference
		name: "GitHub Actions", marker: "GITHUB_ACTIONS",
		user: variable("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
		runURL: func(env func(string) string) string {
			return joinURL(env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), "actions/runs", env("GITHUB_RUN_ID"))
		},
	},
	{
		// https://docs.gitlab.com/ci/variables/predefined_variables/
		name: "GitLab CI", marker: "GITLAB_CI",
		user:   variable("GITLAB_USER_EMAIL", "GITLAB_USER_LOGIN"),
		runURL: variable("CI_JOB_URL", "CI_PIPELINE_URL"),
	},
	{
		// https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables;
		// BUILD_USER… are set by its build-user-vars plugin.
		name: "Jenkins", marker: "JENKINS_URL",
		user:   variable("BUILD_USER_EMAIL", "BUILD_USER_ID", "BUILD_USER", "CHANGE_AUTHOR"),
		runURL: variable("RUN_DISPLAY_URL", "BUILD_URL"),
	},
	{
		// https://learn.microsoft.com/azure/devops/pipelines/build/variables
		name: "Azure Pipelines", marker: "TF_BUILD",
		user: variable("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"),
		runURL: func(env func(string) string) string {
			return joinURL(env("SYSTEM_COLLECTIONURI"), url.PathEscape(env("SYSTEM_TEAMPROJECT")), "_build/results?buildId="+env("BUILD_BUILDID"))
		},
	},
	{
		// https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
		name: "Bitbucket Pipelines", marker: "BITBUCKET_BUILD_NUMBER",
		user: variable("BITBUCKET_STEP_TRIGGERER_UUID"),
		runURL: func(env func(string) string) string {
			return joinURL("https://bitbucket.org", env("BITBUCKET_REPO_FULL_NAME"), "pipelines/results", env("BITBUCKET_BUILD_NUMBER"))
		},
	},
	{
		// https://circleci.com/docs/variables/
		name: "CircleCI", marker: "CIRCLECI",
		user:   variable("CIRCLE_USERNAME"),
		runURL: variable("CIRCLE_BUILD_URL"),
	},
	{
		// https://developer.hashicorp.com/terraform/cloud-docs/run/run-environment;
		// it names nobody, so the workspace acts.
		name: "HCP Terraform", marker: "TFC_RUN_ID",
		user: variable("TFC_WORKSPACE_SLUG"),
		runURL: func(env func(string) string) string {
			organization, workspace, _ := cut(env("TFC_WORKSPACE_SLUG"))
			if organization == "" {
				return ""
			}
			return joinURL("https://app.terraform.io/app", organization, "workspaces", workspace, "runs", env("TFC_RUN_ID"))
		},
	},
}

func detectCI(getenv func(string) string) ciRun {
	for _, system := range ciSystems {
		if getenv(system.marker) != "" {
			return ciRun{name: system.name, user: system.user(getenv), runURL: system.runURL(getenv)}
		}
	}
	return ciRun{}
}

// variable takes the first of these that is set.
func variable(names ...string) func(func(string) string) string {
	return func(env func(string) string) string {
		for _, name := range names {
			if value := env(name); value != "" {
				return value
			}
		}
		return ""
	}
}

// osUser is the user of the operating system, for whoever runs Terraform by
// hand.
func osUser() string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		return current.Username
	}
	return first(os.Getenv("USER"), os.Getenv("USERNAME"), "unknown")
}
