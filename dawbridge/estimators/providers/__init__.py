"""The estimators that come with dawbridge: each module here is a provider (`estimators.model.Provider`)."""
