// Package ci knows who acts: what CI systems say of the run they are in, and the
// user of the operating system.
package ci

import (
	"cmp"
	"net/url"
	"os"
	"os/user"
	"strings"
)

// Run is what a CI system says of the run it is in.
type Run struct {
	System string // "" if none was recognised
	User   string
	URL    string
}

// systems recognise CI systems by the variables that they document.
var systems = []struct {
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
			organization, workspace, _ := strings.Cut(env("TFC_WORKSPACE_SLUG"), "/")
			return joinURL("https://app.terraform.io/app", organization, "workspaces", workspace, "runs", env("TFC_RUN_ID"))
		},
	},
}

// Detect recognises the CI system by the environment variables of this process.
func Detect(getenv func(string) string) Run {
	for _, system := range systems {
		if getenv(system.marker) != "" {
			return Run{System: system.name, User: system.user(getenv), URL: system.runURL(getenv)}
		}
	}
	return Run{}
}

// Actor is the name of who acts when nobody gives one: PORTAL_ACTOR, else the
// user that the CI system names, else the user of the operating system.
func Actor(getenv func(string) string) string {
	return cmp.Or(getenv("PORTAL_ACTOR"), Detect(getenv).User, osUser())
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

// joinURL joins the parts of an address, and gives none if one is missing.
func joinURL(parts ...string) string {
	for i, part := range parts {
		if part == "" || strings.HasSuffix(part, "=") {
			return ""
		}
		parts[i] = strings.TrimSuffix(part, "/")
	}
	return strings.Join(parts, "/")
}

// osUser is the user of the operating system, for people who run this by hand.
func osUser() string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		return current.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"), "unknown")
}
