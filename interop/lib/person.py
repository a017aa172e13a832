"""A person with a browser, played over plain HTTP: a cookie jar that fills in Latchkey's own forms."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

MOST_STEPS = 25


class Page(HTMLParser):
    """A page that was received: its words and its forms."""

    def __init__(self, url, status, html):
        super().__init__()
        self.url, self.status, self._html = url, status, html
        self.words, self.controls, self._forms, self._open = "", [], {}, []
        self._form = self._select = None
        self.feed(html)
        for control in self.controls:
            enclosing, named = control.pop("enclosing"), control.get("form")
            control["form"] = self._forms.get(named) if named else enclosing

    def control(self, name):
        """The control with this id, if the page has it."""
        return next((control for control in self.controls if control.get("id") == name), None)

    def text(self, name):
        """The text of the element with this id that holds nothing but text."""
        found = re.search(rf'\bid="{name}"[^>]*>([^<]*)<', self._html)
        assert found, f"there is no {name} on {self}"
        return unescape(found[1])

    def code(self, name):
        """The last preformatted text inside the element with this id."""
        _, _, rest = self._html.partition(f'id="{name}"')
        blocks = re.findall(r"<pre[^>]*>([^<]*)</pre>", rest.partition("</details>")[0])
        assert blocks, f"there is no code at {name} on {self}"
        return unescape(blocks[-1])

    def controls_like(self, start):
        """All controls whose id starts like this."""
        return [control for control in self.controls if (control.get("id") or "").startswith(start)]

    def form_to(self, address):
        """A button or field of a form that posts to this address, if the page is one that posts itself onwards."""
        forms = ((each, each["form"] or {}) for each in self.controls)
        return next(
            (each for each, form in forms if form.get("method") == "post" and form["action"].startswith(address)), None
        )

    def filled(self, button, values, tick_all=False):
        """What a browser would send if this button of a form were pressed."""
        fields = []
        for control in self.controls:
            if control["form"] is not button["form"] or not control.get("name") or "disabled" in control:
                continue
            if control["is_button"] and control is not button:
                continue
            if control["type"] in ("checkbox", "radio"):
                if "checked" in control or (tick_all and control["type"] == "checkbox"):
                    fields.append((control["name"], control.get("value") or "on"))
            else:
                fields.append((control["name"], values.get(control.get("id"), control.get("value") or "")))
        return fields

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "form":
            action = urljoin(self.url, has.get("action") or self.url)
            self._form = {"action": action, "method": (has.get("method") or "get").lower()}
            if has.get("id"):
                self._forms[has["id"]] = self._form
        elif tag == "option" and self._select is not None:
            if "value" not in self._select or "selected" in has:
                self._select["value"] = has.get("value")
        elif tag in ("input", "button", "select", "textarea", "a"):
            has["type"] = (has.get("type") or ("submit" if tag == "button" else "text")).lower()
            has["is_button"] = tag == "button" or (tag == "input" and has["type"] in ("submit", "image", "button"))
            has["enclosing"], has["text"] = self._form, ""
            self.controls.append(has)
            if tag == "select":
                self._select = has
            if tag in ("button", "a"):
                self._open.append((tag, has))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data):
        self.words += data
        for _, control in self._open:
            control["text"] += data

    def __str__(self):
        return f"{self.status} at {self.url}: {' '.join(self.words.split())[:600]}"


class Person:
    """Somebody with an account of the demo and a browser of their own."""

    def __init__(self, account):
        self._account = account
        self._browser = requests.Session()

    def approve(self, request, redirect_uri):
        """Opens an authorization request, signs in and approves all of it.

        Answers what the client is told, as a dictionary. Leaves a form post unsent: `deliver` sends it.
        """
        redirected, page, form = self._until_back(request, redirect_uri)
        return _single(parse_qs(urlsplit(redirected).query)) if redirected else dict(page.filled(form, {}))

    def deliver(self, request, redirect_uri):
        """Like `approve`, and lets the browser go on to the client that listens at the redirect URI."""
        redirected, page, form = self._until_back(request, redirect_uri)
        if redirected:
            return self._browser.get(redirected)
        return self._browser.post(form["form"]["action"], data=page.filled(form, {}))

    def open(self, address):
        """Opens one of Latchkey's pages, signing in on the way if asked to."""
        return self._open(address)

    def press(self, page, name):
        """Presses the button with this id on a page that was opened, and answers the page that follows."""
        return self._page(self._press(page, page.control(name), {}))

    def approve_device(self, link):
        """Types the code of a device, which its link brings along, says that it is theirs, and approves all that it asks for."""
        page = self.press(self._open(link), "device-next")
        response = self._press(page, page.control("device-continue"), {})
        for _ in range(MOST_STEPS):
            if response.is_redirect:
                response = self._browser.get(urljoin(response.url, response.headers["location"]), allow_redirects=False)
                continue
            page = self._page(response)
            if urlsplit(page.url).path == "/device/done":
                return page
            response = self._act(page)
        raise AssertionError(f"{link} leads in circles")

    def revoke_all(self, origin):
        """Ends every authorization, on the page that people use for it."""
        for _ in range(MOST_STEPS):
            page = self._open(urljoin(origin, "/profile/authorizations"))
            buttons = [each for each in page.controls_like("revoke-") if each["id"] != "revoke-all"]
            if not buttons:
                return
            response = self._press(page, buttons[0], {})
            page = self._page(response)
            if page.control("revoke-confirm"):
                page = self._page(self._press(page, page.control("revoke-confirm"), {}))
            if page.status >= 400:
                raise AssertionError(f"revoking ended at {page}")
        raise AssertionError("there is always one more authorization to revoke")

    def _until_back(self, request, redirect_uri):
        response = self._browser.get(request, allow_redirects=False)
        for _ in range(MOST_STEPS):
            if response.is_redirect:
                location = urljoin(response.url, response.headers["location"])
                if location.startswith(redirect_uri):
                    return location, None, None
                response = self._browser.get(location, allow_redirects=False)
                continue
            page = self._page(response)
            form = page.form_to(redirect_uri)
            if form:
                return None, page, form
            response = self._act(page)
        raise AssertionError(f"still not back at {redirect_uri} after {MOST_STEPS} steps")

    def _open(self, address):
        response = self._browser.get(address, allow_redirects=False)
        for _ in range(MOST_STEPS):
            if response.is_redirect:
                response = self._browser.get(urljoin(response.url, response.headers["location"]), allow_redirects=False)
                continue
            page = self._page(response)
            if not (page.control("sign-in") or page.control("use-another-account")):
                return page
            response = self._act(page)
        raise AssertionError(f"{address} leads in circles")

    def _act(self, page):
        if page.control("password") and page.control("sign-in"):
            who = {"email": self._account["email"], "password": self._account["password"]}
            return self._press(page, page.control("sign-in"), who)
        approve = page.control("approve")
        if approve and "disabled" not in approve:
            return self._press(page, approve, {}, tick_all=True)
        if page.control("use-another-account") and page.status < 400:
            mine = [each for each in page.controls if each["is_button"] and self._account["email"] in each["text"]]
            return self._press(page, mine[0] if mine else page.control("use-another-account"), {})
        raise AssertionError(f"stopped at {page}")

    def _press(self, page, control, values, tick_all=False):
        if control.get("href"):
            return self._browser.get(urljoin(page.url, control["href"]), allow_redirects=False)
        form, fields = control["form"], page.filled(control, values, tick_all)
        target = urljoin(page.url, control.get("formaction") or form["action"])
        if form["method"] == "post":
            parts = urlsplit(page.url)
            headers = {"origin": f"{parts.scheme}://{parts.netloc}"}
            return self._browser.post(target, data=fields, headers=headers, allow_redirects=False)
        return self._browser.get(target, params=fields, allow_redirects=False)

    def _page(self, response):
        while response.is_redirect:
            location = urljoin(response.url, response.headers["location"])
            response = self._browser.get(location, allow_redirects=False)
        return Page(response.url, response.status_code, response.text)


def _single(parameters):
    return {name: values[0] for name, values in parameters.items()}
