from django.apps import AppConfig

from portal.accounts import database_clock


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        database_clock.start()
