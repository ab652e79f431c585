"""The built-in kinds: what they refuse, send, and keep to themselves."""

import functools

from contracts.patterns.factory import BadOptions, Message
from graders.kit import Implementation, check, ensure, equal, raises


@check("P10", kind="behaviour")
def test_built_in_kinds_send(impl: Implementation) -> None:
    """An e-mail and an SMS notifier hand messages to a list; a third transport raises."""
    factory, sent = impl.NotifierFactory(), []
    email = factory.create("email", sender="shop@example.org", transport=sent.append)
    sms = factory.create("sms", number="+4930123456", transport=sent.append, token="")
    equal(email.send("zoe@example.org", "hello\n"), None, did="what send returns")
    sms.send("+4930654321", "")
    email.send(to="bob", text="again")
    want = [
        Message("email", "shop@example.org", "zoe@example.org", "hello\n"),
        Message("sms", "+4930123456", "+4930654321", ""),
        Message("email", "shop@example.org", "bob", "again"),
    ]
    equal(sent, want, did="the messages that the transport got")
    error = OSError("down")

    def broken(message: Message) -> None:
        raise error

    email = factory.create("email", sender="a@b", transport=broken)
    ensure(
        raises(OSError, lambda: email.send("zoe", "x"), did="send, the transport raises") is error,
        did="send, the transport raises",
        want="that very object",
    )


@check("P10", kind="behaviour")
def test_senders_and_numbers(impl: Implementation) -> None:
    """Addresses and numbers that are right, and such that are not."""
    factory = impl.NotifierFactory()
    for sender in ("a@b", "shop+x@mail.example.org", "ä@ö", "'@-"):
        factory.create("email", sender=sender, transport=print)
    for number in ("+1234567", "+123456789012345", "+4930123456"):
        factory.create("sms", number=number, transport=print)
    wrong_senders = [
        "",
        "a",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b ",
        " a@b",
        "a@b\n",
        "a@b\nBcc: c@d",
        "a\u00a0b@c",
        "a@b\u2028",
        "a@b\x0b",
    ]
    wrong_numbers = [
        "",
        "+",
        "+123456",
        "+1234567890123456",
        "+0123456789",
        "4930123456",
        "+49 30 123456",
    ]
    wrong_numbers += [
        "+4930123456\n",
        "++4930123456",
        "+49-30-123456",
        "+49\uff13\uff10\uff11\uff12\uff13\uff14",
        "+4930x123456",
    ]
    for kind, name, values in [
        ("email", "sender", wrong_senders),
        ("sms", "number", wrong_numbers),
    ]:
        for value in [*values, None, 4930123456, b"a@b"]:
            job = functools.partial(factory.create, kind, **{name: value}, transport=print)
            raises(ValueError, job, did=f"create({kind!r}, {name}={value!r}, ...)")


@check("P7", "P10", kind="behaviour")
def test_options_of_the_built_in_kinds(impl: Implementation) -> None:
    """Without options, with those of the other kind, with the sender alone."""
    factory = impl.NotifierFactory()
    for kind, options, missing, unexpected in [
        ("email", {}, ("sender", "transport"), ()),
        ("sms", {}, ("number", "transport"), ()),
        ("email", {"sender": "a@b"}, ("transport",), ()),
        ("email", {"number": "+49", "token": "x"}, ("sender", "transport"), ("number", "token")),
        ("sms", {"number": "wrong", "transport": print, "password": "x"}, (), ("password",)),
    ]:
        did = f"create({kind!r}, **{options})"
        error = raises(BadOptions, functools.partial(factory.create, kind, **options), did=did)
        equal((error.missing, error.unexpected), (missing, unexpected), did=f"{did}: the error")


@check("P10", kind="behaviour")
def test_secrets_are_shown_nowhere(impl: Implementation) -> None:
    """A password and a token: in repr, text and format of notifiers, in errors and their notes."""
    factory, secret = impl.NotifierFactory(), "s3cr3t-hunter2"
    email = factory.create("email", sender="a@b", transport=print, password=secret)
    sms = factory.create("sms", number="+4930123456", transport=print, token=secret)
    texts = [form(each) for each in (email, sms) for form in (repr, str, format, ascii)]
    for kind, options in [
        ("email", {"sender": "wrong", "transport": print, "password": secret}),
        ("sms", {"number": "wrong", "transport": print, "token": secret}),
        ("email", {"sender": "a@b", "password": secret}),
        ("sms", {"token": secret, "password": secret}),
    ]:
        job = functools.partial(factory.create, kind, **options)
        error = raises(Exception, job, did=f"create({kind!r}) with bad options")
        texts += [repr(error), str(error), repr(vars(error))]
    ensure(
        not any(secret in text for text in texts),
        did="created notifiers with a secret, and such that were refused",
        want="the secret is in no repr, text, attribute or note",
        got=[text for text in texts if secret in text],
    )
