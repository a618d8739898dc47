package ci_test

import (
	"os/user"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ci"
)

// variables is an environment of a process.
type variables map[string]string

func (v variables) get(name string) string { return v[name] }

var onGitHub = variables{
	"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_TRIGGERING_ACTOR": "jane", "GITHUB_SERVER_URL": "https://github.example",
	"GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "1658821493",
}

func TestCISystemsTellWhoActsAndInWhichRun(t *testing.T) {
	cases := []struct {
		name string
		env  variables
		want ci.Run
	}{
		{"none", variables{"CI": "true", "WORKSPACE": "/src"}, ci.Run{}},
		{"GitHub Actions", onGitHub, ci.Run{"GitHub Actions", "jane", "https://github.example/acme/shop/actions/runs/1658821493"}},
		{
			"GitLab CI",
			variables{"CI": "true", "GITLAB_CI": "true", "GITLAB_USER_EMAIL": "jane@example.com", "GITLAB_USER_LOGIN": "jane", "CI_JOB_URL": "https://gitlab.example/acme/shop/-/jobs/5", "CI_PIPELINE_URL": "https://gitlab.example/acme/shop/-/pipelines/4"},
			ci.Run{"GitLab CI", "jane@example.com", "https://gitlab.example/acme/shop/-/jobs/5"},
		},
		{
			"Jenkins",
			variables{"JENKINS_URL": "https://jenkins.example/", "BUILD_URL": "https://jenkins.example/job/shop/17/"},
			ci.Run{"Jenkins", "", "https://jenkins.example/job/shop/17/"},
		},
		{
			"Jenkins with its build user plugin",
			variables{"JENKINS_URL": "https://jenkins.example/", "BUILD_URL": "https://jenkins.example/job/shop/17/", "BUILD_USER_ID": "jane", "BUILD_USER": "Jane Doe"},
			ci.Run{"Jenkins", "jane", "https://jenkins.example/job/shop/17/"},
		},
		{
			"Azure Pipelines",
			variables{"TF_BUILD": "True", "BUILD_REQUESTEDFOR": "Jane Doe", "BUILD_REQUESTEDFOREMAIL": "jane@example.com", "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/", "SYSTEM_TEAMPROJECT": "The Shop", "BUILD_BUILDID": "31"},
			ci.Run{"Azure Pipelines", "jane@example.com", "https://dev.azure.example/acme/The%20Shop/_build/results?buildId=31"},
		},
		{
			"Bitbucket Pipelines",
			variables{"CI": "true", "BITBUCKET_BUILD_NUMBER": "8", "BITBUCKET_STEP_TRIGGERER_UUID": "{c6a1}", "BITBUCKET_REPO_FULL_NAME": "acme/shop", "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/acme/shop"},
			ci.Run{"Bitbucket Pipelines", "{c6a1}", "https://bitbucket.org/acme/shop/pipelines/results/8"},
		},
		{
			"CircleCI",
			variables{"CI": "true", "CIRCLECI": "true", "CIRCLE_USERNAME": "jane", "CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/shop/9"},
			ci.Run{"CircleCI", "jane", "https://circleci.com/gh/acme/shop/9"},
		},
		{
			"HCP Terraform",
			variables{"TFC_RUN_ID": "run-CKuwsxMGgMd3W7Ui", "TFC_WORKSPACE_NAME": "shop", "TFC_WORKSPACE_SLUG": "acme/shop"},
			ci.Run{"HCP Terraform", "acme/shop", "https://app.terraform.io/app/acme/workspaces/shop/runs/run-CKuwsxMGgMd3W7Ui"},
		},
		{"a part of the address missing", variables{"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_RUN_ID": "1"}, ci.Run{"GitHub Actions", "octocat", ""}},
		{"no build id", variables{"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/", "SYSTEM_TEAMPROJECT": "shop"}, ci.Run{System: "Azure Pipelines"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ci.Detect(c.env.get); got != c.want {
				t.Errorf("told: %+v", got)
			}
		})
	}
}

func TestWhoActsWhenNobodyIsNamed(t *testing.T) {
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		env  variables
		want string
	}{
		{"our own variable first", variables{"PORTAL_ACTOR": "ours", "GITLAB_CI": "true", "GITLAB_USER_LOGIN": "jane"}, "ours"},
		{"then the CI system", variables{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "jane"}, "jane"},
		{"then the user of the operating system, if the CI system names nobody", variables{"GITLAB_CI": "true"}, account.Username},
		{"the user of the operating system", nil, account.Username},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ci.Actor(c.env.get); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}
