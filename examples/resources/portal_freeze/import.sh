terraform import portal_freeze.year_end intranet/year-end
