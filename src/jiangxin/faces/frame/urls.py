"""Login, the way home, and the gallery of the building blocks."""

from django.urls import path

from . import gallery, inbox, login

urlpatterns = [
    path("login/", login.login, name="login"),
    path("logout/", login.logout, name="logout"),
    path("enter/", login.enter, name="enter"),
    path("home/", login.home, name="home"),
    path("messages/<int:message_id>/", inbox.forward, name="message"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("gallery/<slug:name>/", gallery.layout, name="gallery-layout"),
]
