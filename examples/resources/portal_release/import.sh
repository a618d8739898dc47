terraform import portal_release.full intranet/2.4.0
