"""Policy exceptions: the list, one of them, asking for one, and what they add up to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.accounts.roles import Verb
from portal.lifecycle.selectors import exception_debt
from portal.lifecycle.selectors import exceptions as selector
from portal.web.access import SignedIn
from portal.web.exceptions import asking as exception_asking
from portal.web.exceptions import debt as debt_page
from portal.web.exceptions import page as exception_page
from portal.web.forms.exceptions import ExceptionFilter
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    found = ExceptionFilter(request.GET, queryset=selector.listed(request.user), request=request)
    context = {
        "filter": found,
        "page": page_of(found.qs, request),
        "may_decide": request.user.access.may(Verb.WAIVE),
    }
    return render(request, "exceptions/browse.html", context)


def show(request: SignedIn, pk: int) -> HttpResponse:
    exception = get_object_or_404(exception_page.rows(request.user), pk=pk)
    return render(request, "exceptions/show.html", exception_page.context(request, exception))


def create(request: SignedIn) -> HttpResponse:
    asking = exception_asking.of_request(request)
    if request.method == "POST" and (exception := asking.ask()):
        messages.success(request, "Asked for. It counts once somebody else has granted it.", "waiting")
        return redirect("web:exceptions-one", exception.pk)
    return render(request, "exceptions/new.html", {"asking": asking}, status=asking.status)


def debt(request: SignedIn) -> HttpResponse:
    return render(request, "exceptions/debt.html", debt_page.context(exception_debt.debt(request.user)))
