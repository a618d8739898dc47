package portal

// Events and commands are closed sets: a type switch over them names each, or states by a default
// that the rest does not matter. A linter (gochecksumtype) checks that.

func (PipelineDeclared) event()     {}
func (PipelineRetired) event()      {}
func (EnvironmentDeclared) event()  {}
func (EnvironmentRemoved) event()   {}
func (ReleaseRegistered) event()    {}
func (FreezeDeclared) event()       {}
func (FreezeRemoved) event()        {}
func (DeploymentStarted) event()    {}
func (DeploymentRecovering) event() {}
func (DeploymentEnded) event()      {}
func (DeploymentRefused) event()    {}
func (LedgerRestored) event()       {}
func (ClockMended) event()          {}
func (TestRecorded) event()         {}
func (ApprovalRevoked) event()      {}
func (ApprovalRecorded) event()     {}
func (FixOpened) event()            {}
func (FixAmended) event()           {}
func (FixRestated) event()          {}
func (FixStepStarted) event()       {}
func (FixStepEnded) event()         {}
func (FixFinished) event()          {}
func (FixReconciled) event()        {}
func (FixReviewed) event()          {}
func (FixWithdrawing) event()       {}
func (FixWithdrawn) event()         {}

func (RegisterRelease) command()    {}
func (DeclarePipeline) command()    {}
func (RetirePipeline) command()     {}
func (DeclareEnvironment) command() {}
func (RemoveEnvironment) command()  {}
func (DeclareFreeze) command()      {}
func (RemoveFreeze) command()       {}
func (StartDeployment) command()    {}
func (StartRemoval) command()       {}
func (TakeOver) command()           {}
func (EndDeployment) command()      {}
func (RecordRefusal) command()      {}
func (RestoreLedger) command()      {}
func (MendClock) command()          {}
func (OpenFix) command()            {}
func (StartStep) command()          {}
func (HaltFix) command()            {}
func (RecordTest) command()         {}
func (RevokeApproval) command()     {}
func (RecordApproval) command()     {}
