"""The daemon: schedules, jobs, and webhooks from Siro and the CRM."""
